//! `new()`: every metric at its initial value.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::declaration_at;
use super::spans::{make, new_of};
use crate::model::{Collector, Field};

/// Returns the type that says whether `new()` exists and takes no parameters.
pub(crate) fn new_kind(collector: &Collector) -> Ident {
    let is_known = collector.has_new() && collector.skipped().next().is_none();
    Ident::new(if is_known { "WithNew" } else { "WithoutNew" }, Span::call_site())
}

pub(super) fn new(collector: &Collector) -> TokenStream {
    if !collector.has_new() {
        return TokenStream::new();
    }
    let krate = &collector.krate;
    let metrics = collector.metrics().enumerate().map(|(at, (field, _))| {
        let Field { ident, ty, .. } = field;
        let make = make(krate, ty);
        let declaration = declaration_at(krate, at);
        quote!(#ident: #make(#declaration))
    });
    let flattened = collector.flattened().map(|(field, _)| {
        let Field { ident, ty, .. } = field;
        let make = new_of(krate, ty);
        quote!(#ident: #make())
    });
    let skipped = collector.skipped().map(|field| &field.ident);
    new_impl(
        collector,
        &quote! {
            Self {
                #(#metrics,)*
                #(#flattened,)*
                #(#skipped,)*
            }
        },
        &quote!(Self::new()),
    )
}

/// Writes `new()` and, if it takes no parameters, the impl of the trait through which an outer
/// struct calls it.
pub(crate) fn new_impl(
    collector: &Collector,
    body: &TokenStream,
    make: &TokenStream,
) -> TokenStream {
    let Collector { vis, ident, generics, krate, .. } = collector;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let parameters: Vec<TokenStream> =
        collector.skipped().map(|Field { ident, ty, .. }| quote!(#ident: #ty)).collect();
    let doc = format!("A `{ident}` with every metric at its initial value.");
    let new_trait = (new_kind(collector) == "WithNew").then(|| {
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::__private::New for #ident #ty_generics #where_clause {
                fn make() -> Self {
                    #make
                }
            }
        }
    });
    quote! {
        #[automatically_derived]
        #[allow(dead_code, unused_variables, clippy::new_without_default, clippy::too_many_arguments)]
        impl #impl_generics #ident #ty_generics #where_clause {
            #[doc = #doc]
            #[must_use]
            #vis fn new(#(#parameters),*) -> Self {
                #body
            }
        }

        #new_trait
    }
}
