//! The code for a declaration with mistakes: the errors, and stub impls.
//!
//! The rest of the program may call `new()`, register the struct, or pass it to a function that
//! takes a collector. None of that raises further errors.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Generics, Ident};

use crate::expand::{free_checks, new_impl, new_kind, prometheus_impl};
use crate::model::{Collector, LabelEnum, LabelStruct};

pub(crate) fn collector(collector: &Collector, compile_errors: TokenStream) -> TokenStream {
    let Collector { ident, generics, krate, .. } = collector;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let nothing = quote!(loop {});
    let new = collector.has_new().then(|| new_impl(collector, &nothing, &nothing));
    // Fields with valid attributes can still have wrong types, so these are checked too.
    let checks = free_checks(collector);
    let new_kind = new_kind(collector);
    let prometheus = prometheus_impl(collector, &nothing, &nothing);
    quote! {
        #compile_errors
        #checks

        #[automatically_derived]
        impl #impl_generics #krate::collect::Declared for #ident #ty_generics #where_clause {
            const FAMILIES: ::core::primitive::usize = 0;
            type New = #krate::__private::#new_kind;

            fn declared() -> #krate::__private::Vec<#krate::collect::Desc> {
                loop {}
            }
        }

        #[automatically_derived]
        impl #impl_generics #krate::collect::Describe for #ident #ty_generics #where_clause {
            fn describe(&self) -> #krate::__private::Vec<#krate::collect::Desc> {
                loop {}
            }
        }

        #[automatically_derived]
        impl #impl_generics #krate::collect::Collect for #ident #ty_generics #where_clause {
            fn collect(&self, _: ::core::primitive::usize, _: &mut #krate::collect::FamilyEncoder<'_>) {}
        }

        #prometheus
        #new
    }
}

/// Writes an empty label set. For an enum, which should derive `LabelValue`, also writes a label
/// value.
pub(crate) fn label_struct(labels: &LabelStruct, compile_errors: TokenStream) -> TokenStream {
    let LabelStruct { ident, generics, krate, is_enum, .. } = labels;
    let labels = labels_stub(ident, generics, krate);
    let value = is_enum.then(|| label_value_stub(ident, generics, krate));
    quote!(#compile_errors #labels #value)
}

/// Writes a label value and an empty label set. The input is an enum, or a struct that derives
/// `LabelValue` instead of `Labels`.
pub(crate) fn label_enum(values: &LabelEnum, compile_errors: TokenStream) -> TokenStream {
    let LabelEnum { ident, generics, krate, .. } = values;
    let labels = labels_stub(ident, generics, krate);
    let value = label_value_stub(ident, generics, krate);
    quote!(#compile_errors #labels #value)
}

/// Writes an empty label set, which breaks no rule about names.
fn labels_stub(ident: &Ident, generics: &Generics, krate: &TokenStream) -> TokenStream {
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote! {
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

fn label_value_stub(ident: &Ident, generics: &Generics, krate: &TokenStream) -> TokenStream {
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::LabelValue for #ident #ty_generics #where_clause {
            type Buffer = ();

            fn as_label<'__a>(&'__a self, _: &'__a mut ()) -> &'__a ::core::primitive::str {
                loop {}
            }
        }
    }
}
