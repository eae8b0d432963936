//! Label structs and label enums.

use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Generics, Type, WherePredicate, parse_quote};

use super::checks;
use super::spans::{Ends, item_of, respanned};
use crate::model::{Label, LabelEnum, LabelStruct};

pub(crate) fn label_struct(labels: &LabelStruct) -> TokenStream {
    let LabelStruct { ident, generics, krate, labels, utf8, .. } = labels;
    let names = labels.iter().map(|label| &label.name);
    let checks = utf8.then(|| checks::check_escaped_labels(krate, &[], names));
    let checks = checks.into_iter().flatten();
    let generics = with_bounds(labels, generics.clone(), krate);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let count = labels.len();
    let names = labels.iter().map(|label| &label.name.value);
    let closed = labels.iter().map(|label| of_label_value(krate, &label.ty, "VALUES"));
    let values = labels.iter().map(|label| {
        let Label { ident, ty, .. } = label;
        let as_label = of_label_value(krate, ty, "as_label");
        let buffer = default_buffer(krate, ty);
        quote!(#as_label(&self.#ident, #buffer))
    });
    quote! {
        #(const _: () = #checks;)*

        #[automatically_derived]
        impl #impl_generics #krate::Labels for #ident #ty_generics #where_clause {
            const COUNT: ::core::primitive::usize = #count;
            const NAMES: ::core::option::Option<
                &'static [#krate::__private::Cow<'static, ::core::primitive::str>],
            > = ::core::option::Option::Some(&[
                #(#krate::__private::Cow::Borrowed(#names)),*
            ]);
            const VALUES: &'static [#krate::__private::ClosedValues] = &[#(#closed),*];

            fn with_values<__R>(
                &self,
                __read: impl ::core::ops::FnOnce(&[&::core::primitive::str]) -> __R,
            ) -> __R {
                __read(&[#(#values),*])
            }
        }
    }
}

/// Adds a bound for each field whose type mentions a parameter: the type must be a label value.
fn with_bounds(labels: &[Label], mut generics: Generics, krate: &TokenStream) -> Generics {
    let parameters = checks::parameters(&generics);
    let mentions = |ty: &Type| checks::mentions(ty.to_token_stream(), &parameters);
    let bound = |ty: &Type| -> WherePredicate { parse_quote!(#ty: #krate::LabelValue) };
    let generic = labels.iter().map(|label| &label.ty).filter(|ty| mentions(ty));
    let bounds: Vec<WherePredicate> = generic.map(bound).collect();
    if !bounds.is_empty() {
        generics.make_where_clause().predicates.extend(bounds);
    }
    generics
}

/// Writes the path of an item of `LabelValue` for a type.
fn of_label_value(krate: &TokenStream, ty: &Type, item: &str) -> TokenStream {
    item_of(ty, respanned(&quote!(#krate::LabelValue), Ends::of(ty).first), item)
}

/// Writes a new buffer of a label value.
fn default_buffer(krate: &TokenStream, ty: &Type) -> TokenStream {
    let Ends { first, last } = Ends::of(ty);
    let buffer = of_label_value(krate, ty, "Buffer");
    let default = respanned(&quote!(::core::default::Default), first);
    let function = Ident::new("default", last);
    let mut nothing = Group::new(Delimiter::Parenthesis, TokenStream::new());
    nothing.set_span(last);
    quote_spanned!(first=> &mut <#buffer as #default>::#function #nothing)
}

pub(crate) fn label_enum(values: &LabelEnum) -> TokenStream {
    let (label_value, states, labels) =
        (label_value(values), states(values), labels_of_one(values));
    quote!(#label_value #states #labels)
}

fn label_value(LabelEnum { ident, generics, krate, variants }: &LabelEnum) -> TokenStream {
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let arms = variants.iter().map(|(variant, name)| {
        let value = &name.value;
        quote!(Self::#variant => #value)
    });
    let values = variants.iter().map(|(_, name)| &name.value);
    // A match without arms does not cover a reference to an enum without variants.
    let body = if variants.is_empty() {
        quote!(match *self {})
    } else {
        quote!(match self { #(#arms,)* })
    };
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::LabelValue for #ident #ty_generics #where_clause {
            type Buffer = ();
            const VALUES: #krate::__private::ClosedValues =
                ::core::option::Option::Some(&[#(#values),*]);

            fn as_label<'__a>(&'__a self, _: &'__a mut ()) -> &'__a ::core::primitive::str {
                #body
            }
        }
    }
}

fn states(LabelEnum { ident, generics, krate, variants }: &LabelEnum) -> TokenStream {
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let states = variants.iter().map(|(_, name)| &name.value);
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::metric::States for #ident #ty_generics #where_clause {
            const STATES: &'static [&'static ::core::primitive::str] = &[#(#states),*];
        }
    }
}

/// Writes the impl of `Labels`: a value is also a label set with one label.
fn labels_of_one(LabelEnum { ident, generics, krate, .. }: &LabelEnum) -> TokenStream {
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::Labels for #ident #ty_generics #where_clause {
            const COUNT: ::core::primitive::usize = 1;
            const VALUES: &'static [#krate::__private::ClosedValues] =
                &[<Self as #krate::LabelValue>::VALUES];

            fn with_values<__R>(
                &self,
                __read: impl ::core::ops::FnOnce(&[&::core::primitive::str]) -> __R,
            ) -> __R {
                #krate::__private::with_one(self, __read)
            }
        }
    }
}
