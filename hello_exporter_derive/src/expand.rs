//! From the model to code: one function per item, one thin call per field.

mod checks;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Generics, Type, parse_quote};

use crate::model::{Collector, ConstLabel, Field, Metric};

pub(crate) fn collector(collector: &Collector) -> TokenStream {
    let checks = checks::free(collector);
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

/// The Descs, a constant each.
fn declared(collector: &Collector) -> TokenStream {
    let Collector { ident, generics, krate, .. } = collector;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let checks = checks::associated(collector);
    let descs = collector.metrics().map(|(field, metric)| desc(collector, field, metric));
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::Declared for #ident #ty_generics #where_clause {
            const DESCS: &'static [#krate::Desc] = {
                #checks
                &[#(#descs),*]
            };
        }
    }
}

fn desc(collector: &Collector, field: &Field, metric: &Metric) -> TokenStream {
    let krate = &collector.krate;
    let type_of_field = of_metric(krate, &field.ty, "TYPE");
    let name = collector.full_name(metric);
    let help = metric.help.as_ref().map(|help| help.text.as_str()).unwrap_or_default();
    let metric_type = match &metric.metric_type {
        Some(metric_type) => {
            let variant = variant(&metric_type.word);
            quote!(::core::option::Option::Some(#krate::MetricType::#variant))
        }
        None => quote!(::core::option::Option::None),
    };
    let labels = metric.labels.iter().flat_map(|list| &list.names).map(|name| &name.value);
    let const_labels = collector.const_labels_of(metric).map(|label| const_label(krate, label));
    quote! {
        #krate::__private::desc(
            #name,
            #help,
            #type_of_field,
            #metric_type,
            &[#(#krate::__private::Cow::Borrowed(#labels)),*],
            &[#(#const_labels),*],
        )
    }
}

fn const_label(krate: &TokenStream, label: &ConstLabel) -> TokenStream {
    let name = &label.name.value;
    let value = &label.value;
    quote! {
        (#krate::__private::Cow::Borrowed(#name), #krate::__private::Cow::Borrowed(#value))
    }
}

/// `counter` is `MetricType::Counter`.
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
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::Describe for #ident #ty_generics #where_clause {
            fn describe(&self) -> #krate::__private::Vec<#krate::Desc> {
                <[#krate::Desc]>::to_vec(<Self as #krate::Declared>::DESCS)
            }
        }
    }
}

fn collect(collector: &Collector) -> TokenStream {
    let Collector { ident, generics, krate, .. } = collector;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    // A constant in scope would take the place of a parameter of the same name.
    let [index, encoder] =
        ["__index", "__encoder"].map(|name| Ident::new(name, Span::mixed_site()));
    let arms = collector.metrics().enumerate().map(|(at, (field, _))| {
        let Field { ident, ty, .. } = field;
        let collect = of_metric(krate, ty, "collect");
        quote!(#at => #collect(&self.#ident, #encoder))
    });
    let verify = verify(collector);
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::Collect for #ident #ty_generics #where_clause {
            fn collect(&self, #index: usize, #encoder: &mut #krate::FamilyEncoder<'_>) {
                match #index {
                    #(#arms,)*
                    _ => {}
                }
            }

            #verify
        }
    }
}

fn verify(collector: &Collector) -> TokenStream {
    let krate = &collector.krate;
    let checks = collector.metrics().enumerate().map(|(at, (field, _))| {
        let Field { ident, ty, .. } = field;
        let verify = of_metric(krate, ty, "verify");
        quote!(#verify(&self.#ident, &<Self as #krate::Declared>::DESCS[#at])?;)
    });
    quote! {
        fn verify(&self) -> #krate::__private::Result<(), #krate::FieldError> {
            #(#checks)*
            #krate::__private::Result::Ok(())
        }
    }
}

fn prometheus(collector: &Collector) -> TokenStream {
    let krate = &collector.krate;
    prometheus_impl(
        collector,
        &quote!(#krate::__private::describe_for_prometheus(self)),
        &quote!(#krate::__private::collect_for_prometheus(self)),
    )
}

/// The trait by which a `prometheus::Registry` takes the struct, where that crate is there.
pub(crate) fn prometheus_impl(
    collector: &Collector,
    desc: &TokenStream,
    collect: &TokenStream,
) -> TokenStream {
    if collector.borrows() {
        return TokenStream::new();
    }
    let Collector { ident, krate, .. } = collector;
    let generics = shared_between_threads(collector.generics.clone());
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

/// The foreign trait asks every type to be `Send` and `Sync`; a registry of ours only what it is given.
fn shared_between_threads(mut generics: Generics) -> Generics {
    for param in generics.type_params_mut() {
        param.bounds.push(parse_quote!(::core::marker::Send));
        param.bounds.push(parse_quote!(::core::marker::Sync));
    }
    generics
}

fn new(collector: &Collector) -> TokenStream {
    if collector.no_new || collector.borrows() {
        return TokenStream::new();
    }
    let Collector { vis, ident, generics, krate, fields, .. } = collector;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let parameters = skipped(fields).map(|Field { ident, ty, .. }| quote!(#ident: #ty));
    let metrics = collector.metrics().enumerate().map(|(at, (field, _))| {
        let Field { ident, ty, .. } = field;
        let make = make(krate, ty);
        quote!(#ident: #make(&<Self as #krate::Declared>::DESCS[#at]))
    });
    let others = skipped(fields).map(|field| &field.ident);
    let doc = format!("A `{ident}` with every metric at its initial value.");
    quote! {
        #[automatically_derived]
        #[allow(clippy::new_without_default)]
        impl #impl_generics #ident #ty_generics #where_clause {
            #[doc = #doc]
            #[must_use]
            #vis fn new(#(#parameters),*) -> Self {
                Self {
                    #(#metrics,)*
                    #(#others,)*
                }
            }
        }
    }
}

/// An item of the trait `Metric` of a type.
///
/// Every use of a field's type looks like this, and lies on the type from its first token to its
/// last: so the compiler tells a type that is no metric once, and there.
fn of_metric(krate: &TokenStream, ty: &impl ToTokens, item: &str) -> TokenStream {
    let Ends { first, last } = Ends::of(ty);
    let krate = respanned(krate, first);
    let item = Ident::new(item, last);
    quote_spanned!(first=> <#ty as #krate::Metric>::#item)
}

/// The function that makes a metric of a type.
fn make(krate: &TokenStream, ty: &Type) -> TokenStream {
    let Ends { first, last } = Ends::of(ty);
    let making = of_metric(krate, ty, "Making");
    let krate = respanned(krate, first);
    let make = Ident::new("make", last);
    quote_spanned!(first=> <#making as #krate::Make<#ty>>::#make)
}

/// The spans of the first and the last of some tokens. What goes from one to the other is underlined
/// as a whole, which the stable compiler offers no other way to say.
#[derive(Clone, Copy)]
struct Ends {
    first: Span,
    last: Span,
}

impl Ends {
    fn of(tokens: &impl ToTokens) -> Self {
        let mut tokens = tokens.to_token_stream().into_iter();
        let first = tokens.next();
        let last = tokens.last().or_else(|| first.clone());
        let close = |token: TokenTree| match token {
            TokenTree::Group(group) => group.span_close(),
            other => other.span(),
        };
        Self {
            first: first.map_or_else(Span::call_site, |token| token.span()),
            last: last.map_or_else(Span::call_site, close),
        }
    }

    fn both(span: Span) -> Self {
        Self { first: span, last: span }
    }
}

/// A call of a hidden function, underlined from end to end where it fails.
fn call(krate: &TokenStream, function: &str, arguments: TokenStream, ends: Ends) -> TokenStream {
    let krate = respanned(krate, ends.first);
    let function = Ident::new(function, ends.first);
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(ends.last);
    quote_spanned!(ends.first=> #krate::__private::#function #arguments)
}

/// The same tokens with another span.
fn respanned(tokens: &TokenStream, span: Span) -> TokenStream {
    let respan = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    tokens.clone().into_iter().map(respan).collect()
}

/// The fields that are no metrics.
pub(crate) fn skipped(fields: &[Field]) -> impl Iterator<Item = &Field> {
    fields.iter().filter(|field| field.metric.is_none())
}
