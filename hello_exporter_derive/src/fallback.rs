//! What stands in for the code of a declaration with mistakes: the errors, and impls that do nothing.
//!
//! The rest of the program may use `new()`, register the struct, or put it in a function that wants a
//! collector. None of that should raise an error of its own.

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::{new_impl, new_kind, prometheus_impl};
use crate::model::{Collector, LabelEnum, LabelStruct};

pub(crate) fn collector(collector: &Collector, compile_errors: TokenStream) -> TokenStream {
    let Collector { ident, generics, krate, .. } = collector;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let new = collector.has_new().then(|| new_impl(collector, &quote!(loop {})));
    let new_kind = new_kind(collector);
    let prometheus = prometheus_impl(collector, &quote!(loop {}), &quote!(loop {}));
    quote! {
        #compile_errors

        #[automatically_derived]
        impl #impl_generics #krate::Declared for #ident #ty_generics #where_clause {
            const FAMILIES: ::core::primitive::usize = 0;
            type New = #krate::__private::#new_kind;

            fn declared() -> #krate::__private::Vec<#krate::Desc> {
                loop {}
            }
        }

        #[automatically_derived]
        impl #impl_generics #krate::Describe for #ident #ty_generics #where_clause {
            fn describe(&self) -> #krate::__private::Vec<#krate::Desc> {
                loop {}
            }
        }

        #[automatically_derived]
        impl #impl_generics #krate::Collect for #ident #ty_generics #where_clause {
            fn collect(&self, _: ::core::primitive::usize, _: &mut #krate::FamilyEncoder<'_>) {}
        }

        #prometheus
        #new
    }
}

/// Without names, so that no rule about names finds more.
pub(crate) fn label_struct(labels: &LabelStruct, compile_errors: TokenStream) -> TokenStream {
    let LabelStruct { ident, generics, krate, .. } = labels;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote! {
        #compile_errors

        #[automatically_derived]
        impl #impl_generics #krate::Labels for #ident #ty_generics #where_clause {
            const COUNT: ::core::primitive::usize = 0;
            const NAMES: ::core::option::Option<
                &'static [#krate::__private::Cow<'static, ::core::primitive::str>],
            > = ::core::option::Option::Some(&[]);

            fn with_values<__R>(
                &self,
                _: impl ::core::ops::FnOnce(&[&::core::primitive::str]) -> __R,
            ) -> __R {
                loop {}
            }
        }
    }
}

pub(crate) fn label_enum(values: &LabelEnum, compile_errors: TokenStream) -> TokenStream {
    let LabelEnum { ident, generics, krate, .. } = values;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote! {
        #compile_errors

        #[automatically_derived]
        impl #impl_generics #krate::LabelValue for #ident #ty_generics #where_clause {
            type Buffer = ();

            fn as_label<'__a>(&'__a self, _: &'__a mut ()) -> &'__a ::core::primitive::str {
                loop {}
            }
        }

        #[automatically_derived]
        impl #impl_generics #krate::Labels for #ident #ty_generics #where_clause {
            const COUNT: ::core::primitive::usize = 1;

            fn with_values<__R>(
                &self,
                _: impl ::core::ops::FnOnce(&[&::core::primitive::str]) -> __R,
            ) -> __R {
                loop {}
            }
        }
    }
}
