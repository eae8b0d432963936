//! From the model to code: one function per item, one thin call per field.

mod checks;
mod declaration;
mod labels;
mod new;
mod spans;

pub(crate) use checks::free as free_checks;
pub(crate) use labels::{label_enum, label_struct};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Type, parse_quote};

use crate::model::{Collector, ConstLabel, Field, Name};
use declaration::declaration;
use new::new;
pub(crate) use new::{new_impl, new_kind};
use spans::{of_declared, of_metric};

pub(crate) fn collector(collector: &Collector) -> TokenStream {
    let checks = free_checks(collector);
    let declared = declared(collector);
    let describe = describe(collector);
    let collect = collect(collector);
    let prometheus = prometheus(collector);
    let new = new(collector);
    quote! {
        #checks
        #declared
        #describe
        #collect
        #prometheus
        #new
    }
}

/// Writes the declarations of the fields and the impl of `Declared`, including the families of
/// flattened fields.
fn declared(collector: &Collector) -> TokenStream {
    let Collector { ident, generics, krate, .. } = collector;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let own = collector.metrics().count();
    let flattened: Vec<&Type> = collector.flattened().map(|(field, _)| &field.ty).collect();
    let counts = flattened.iter().map(|ty| of_declared(krate, ty, "FAMILIES"));
    let extend = collector.flattened().map(|(field, prefix)| {
        let declared = of_declared(krate, &field.ty, "declared");
        add_flattened(collector, prefix, quote!(#declared()))
    });
    let descs = quote!(#krate::__private::descs(<Self as #krate::__private::Fields>::FIELDS));
    let descs = with_flattened(descs, extend);
    let fields = fields(collector);
    let new = new_kind(collector);
    let liveness = liveness(collector);
    let dynamic = dynamic(collector);
    quote! {
        #fields

        #[automatically_derived]
        impl #impl_generics #krate::collect::Declared for #ident #ty_generics #where_clause {
            const FAMILIES: ::core::primitive::usize = #own #(+ #counts)*;
            type New = #krate::__private::#new;

            fn declared() -> #krate::__private::Vec<#krate::collect::Desc> {
                #descs
            }

            #liveness
            #dynamic
        }
    }
}

/// Writes a list of the families `descs`, to which each statement of `extend` adds more.
fn with_flattened(descs: TokenStream, extend: impl Iterator<Item = TokenStream>) -> TokenStream {
    let extend: Vec<TokenStream> = extend.collect();
    if extend.is_empty() {
        return descs;
    }
    quote!({ let mut __descs = #descs; #(#extend)* __descs })
}

/// Writes whether the samples can change while the struct is registered, which plain values other
/// than atomics cannot, and whether collecting them never blocks.
fn liveness(collector: &Collector) -> TokenStream {
    let krate = &collector.krate;
    let of_fields = |item| {
        let own = collector.metrics().map(move |(field, _)| of_metric(krate, &field.ty, item));
        let flattened =
            collector.flattened().map(move |(field, _)| of_declared(krate, &field.ty, item));
        own.chain(flattened).collect::<Vec<TokenStream>>()
    };
    let (are_live, never_block) = (of_fields("IS_LIVE"), of_fields("NEVER_BLOCKS"));
    match are_live.is_empty() {
        true => TokenStream::new(),
        false => quote! {
            const IS_LIVE: ::core::primitive::bool = #(#are_live)||*;
            const NEVER_BLOCKS: ::core::primitive::bool = #(#never_block)&&*;
        },
    }
}

/// Writes a statement that adds the families of a flattened field.
fn add_flattened(
    collector: &Collector,
    prefix: Option<&Name>,
    flattened: TokenStream,
) -> TokenStream {
    let krate = &collector.krate;
    let outer = outer(collector, prefix);
    let flattened = match collector.utf8 {
        true => quote!(#krate::__private::utf8_descs(#flattened)),
        false => flattened,
    };
    quote!(#krate::__private::add_flattened(&mut __descs, #flattened, #outer);)
}

/// Writes the prefix and the constant labels that a struct adds to the families of a flattened
/// field.
fn outer(collector: &Collector, prefix: Option<&Name>) -> TokenStream {
    let prefix = collector.prefix() + prefix.map_or("", |prefix| &prefix.value);
    let const_labels = const_labels(&collector.krate, collector.const_labels.iter());
    quote!((#prefix, #const_labels))
}

/// Writes whether and how many dynamic families the flattened fields have.
fn dynamic(collector: &Collector) -> TokenStream {
    let krate = &collector.krate;
    let flattened: Vec<&Field> = collector.flattened().map(|(field, _)| field).collect();
    if flattened.is_empty() {
        return TokenStream::new();
    }
    let of_field = |item| flattened.iter().map(move |field| of_declared(krate, &field.ty, item));
    let idents = flattened.iter().map(|field| &field.ident);
    let (has_dynamic, count) = (of_field("HAS_DYNAMIC"), of_field("count_dynamic"));
    quote! {
        const HAS_DYNAMIC: ::core::primitive::bool = #(#has_dynamic)||*;

        fn count_dynamic(&self) -> ::core::primitive::usize {
            #(#count(&self.#idents))+*
        }
    }
}

fn fields(collector: &Collector) -> TokenStream {
    let Collector { ident, generics, krate, .. } = collector;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let checks = checks::associated(collector);
    let declarations =
        collector.metrics().map(|(field, metric)| declaration(collector, field, metric));
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::__private::Fields for #ident #ty_generics #where_clause {
            const FIELDS: &'static [#krate::collect::Declaration] = {
                #checks
                &[#(#declarations),*]
            };
        }
    }
}

/// Writes constant labels in a constant of their own, so that any constant expression can be a
/// value.
fn const_labels<'l>(
    krate: &TokenStream,
    labels: impl Iterator<Item = &'l ConstLabel>,
) -> TokenStream {
    let pairs: Vec<TokenStream> = labels
        .map(|ConstLabel { name, value }| {
            let name = &name.value;
            let borrowed = quote!(#krate::__private::Cow::Borrowed);
            quote!((#borrowed(#name), #borrowed(#value)))
        })
        .collect();
    match pairs.is_empty() {
        true => quote!(&[]),
        false => quote!(const { &[#(#pairs),*] }),
    }
}

/// Returns the variant of `MetricType` for `counter`, `gauge` or `untyped`.
fn variant(word: &Ident) -> Ident {
    let name = match word.to_string().as_str() {
        "counter" => "Counter",
        "gauge" => "Gauge",
        _ => "Untyped",
    };
    Ident::new(name, Span::call_site())
}

fn describe(collector: &Collector) -> TokenStream {
    let Collector { ident, generics, krate, .. } = collector;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let declared = quote!(<Self as #krate::collect::Declared>::declared());
    let dynamic = collector.flattened().map(|(field, prefix)| {
        let Field { ident, ty, .. } = field;
        let describe = of_declared(krate, ty, "describe_dynamic");
        add_flattened(collector, prefix, quote!(#describe(&self.#ident)))
    });
    let descs = with_flattened(declared, dynamic);
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::collect::Describe for #ident #ty_generics #where_clause {
            fn describe(&self) -> #krate::__private::Vec<#krate::collect::Desc> {
                #descs
            }
        }
    }
}

fn collect(collector: &Collector) -> TokenStream {
    let Collector { ident, generics, krate, .. } = collector;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    // A constant in scope would replace a parameter of the same name.
    let [index, encoder] =
        ["__index", "__encoder"].map(|name| Ident::new(name, Span::mixed_site()));
    let arms = collector.metrics().enumerate().map(|(at, (field, _))| {
        let Field { ident, ty, .. } = field;
        let collect = of_metric(krate, ty, "collect");
        quote!(#at => #collect(&self.#ident, #encoder))
    });
    let flattened = collect_flattened(collector, &index, &encoder);
    let verify = verify(collector);
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::collect::Collect for #ident #ty_generics #where_clause {
            fn collect(
                &self,
                #index: ::core::primitive::usize,
                #encoder: &mut #krate::collect::FamilyEncoder<'_>,
            ) {
                match #index {
                    #(#arms,)*
                    _ => #flattened
                }
            }

            #verify

            fn liveness() -> impl #krate::__private::Liveness {
                #krate::__private::of_declared::<Self>()
            }
        }
    }
}

/// Writes the match arm after the metrics of the struct: the declared families of the flattened
/// fields in their order, then the dynamic ones.
fn collect_flattened(collector: &Collector, index: &Ident, encoder: &Ident) -> TokenStream {
    let krate = &collector.krate;
    let own = collector.metrics().count();
    let flattened: Vec<&Field> = collector.flattened().map(|(field, _)| field).collect();
    if flattened.is_empty() {
        return quote!({});
    }
    let calls = ["collect_flattened", "collect_dynamic"].into_iter().flat_map(|method| {
        flattened.iter().map(move |Field { ident, ty, .. }| {
            let collect = of_declared(krate, ty, method);
            quote!(#collect(&self.#ident, &mut #index, #encoder))
        })
    });
    quote! {{
        let mut #index = #index - #own;
        let _ = #(#calls)||*;
    }}
}

fn verify(collector: &Collector) -> TokenStream {
    let krate = &collector.krate;
    let checks = collector.metrics().enumerate().map(|(at, (field, _))| {
        let Field { ident, ty, .. } = field;
        let verify = of_metric(krate, ty, "verify");
        let declaration = declaration_at(krate, at);
        quote!(#verify(&self.#ident, #declaration.desc())?;)
    });
    let flattened = collector.flattened().map(|(field, _)| {
        let Field { ident, ty, .. } = field;
        let verify = of_declared(krate, ty, "verify_flattened");
        quote!(#verify(&self.#ident)?;)
    });
    quote! {
        fn verify(&self) -> #krate::__private::Result<(), #krate::collect::FieldError> {
            #(#checks)*
            #(#flattened)*
            #krate::__private::Result::Ok(())
        }
    }
}

/// Writes the declaration of the metric at this index.
fn declaration_at(krate: &TokenStream, at: usize) -> TokenStream {
    quote!((&<Self as #krate::__private::Fields>::FIELDS[#at]))
}

/// Writes the impl of `prometheus::core::Collector`.
fn prometheus(collector: &Collector) -> TokenStream {
    let krate = &collector.krate;
    prometheus_impl(
        collector,
        &quote!(#krate::__private::describe_for_prometheus(self)),
        &quote!(#krate::__private::collect_for_prometheus(self)),
    )
}

/// Writes the impl of `prometheus::core::Collector` with these method bodies. It is empty for a
/// struct that borrows.
pub(crate) fn prometheus_impl(
    collector: &Collector,
    desc: &TokenStream,
    collect: &TokenStream,
) -> TokenStream {
    if collector.borrows() {
        return TokenStream::new();
    }
    let Collector { ident, krate, .. } = collector;
    let mut generics = collector.generics.clone();
    // The foreign trait requires `Send` and `Sync`. A bound with a lifetime may be false, so a
    // struct that is not both still compiles, without being a foreign collector.
    generics.make_where_clause().predicates.push(parse_quote! {
        for<'__shared> Self: #krate::__private::SendAndSync<'__shared>
    });
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let prometheus = quote!(#krate::__private::prometheus);
    quote! {
        #krate::__with_prometheus! {
            #[automatically_derived]
            impl #impl_generics #prometheus::core::Collector for #ident #ty_generics #where_clause {
                fn desc(&self) -> #krate::__private::Vec<&#prometheus::core::Desc> {
                    #desc
                }

                fn collect(&self) -> #krate::__private::Vec<#prometheus::proto::MetricFamily> {
                    #collect
                }
            }
        }
    }
}
