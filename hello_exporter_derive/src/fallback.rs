//! What stands in for the code of a struct with mistakes: the errors, and impls that do nothing.
//!
//! The rest of the program may use `new()`, register the struct, or put it in a function that wants a
//! collector. None of that should raise an error of its own.

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::{prometheus_impl, skipped};
use crate::model::{Collector, Field};

pub(crate) fn collector(collector: &Collector, compile_errors: TokenStream) -> TokenStream {
    let Collector { ident, generics, krate, .. } = collector;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let new = new(collector);
    let prometheus = prometheus_impl(collector, &quote!(loop {}), &quote!(loop {}));
    quote! {
        #compile_errors

        #[automatically_derived]
        impl #impl_generics #krate::Declared for #ident #ty_generics #where_clause {
            const DESCS: &'static [#krate::Desc] = &[];
        }

        #[automatically_derived]
        impl #impl_generics #krate::Describe for #ident #ty_generics #where_clause {
            fn describe(&self) -> #krate::__private::Vec<#krate::Desc> {
                loop {}
            }
        }

        #[automatically_derived]
        impl #impl_generics #krate::Collect for #ident #ty_generics #where_clause {
            fn collect(&self, _: usize, _: &mut #krate::FamilyEncoder<'_>) {}
        }

        #prometheus
        #new
    }
}

fn new(collector: &Collector) -> TokenStream {
    if collector.no_new || collector.borrows() {
        return TokenStream::new();
    }
    let Collector { vis, ident, generics, fields, .. } = collector;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let parameters = skipped(fields).map(|Field { ident, ty, .. }| quote!(#ident: #ty));
    quote! {
        #[automatically_derived]
        #[allow(unused_variables, clippy::new_without_default)]
        impl #impl_generics #ident #ty_generics #where_clause {
            #vis fn new(#(#parameters),*) -> Self {
                loop {}
            }
        }
    }
}
