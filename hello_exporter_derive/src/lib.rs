//! The derive macros of `hello_exporter`, which documents and re-exports them.
//!
//! A declaration goes through the stages in the order of the files: `attr` reads attributes into
//! the `model`, `check` checks the model against the rules, and `expand` turns it into code.
//! `errors` collects all mistakes. If there are any, `fallback` writes the code instead of
//! `expand`.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "the manual is where the macros are re-exported")]

mod attr;
mod check;
mod errors;
mod expand;
mod fallback;
mod model;
mod rename;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;
use syn::DeriveInput;

use errors::Errors;

#[proc_macro_derive(Collector, attributes(collector, metric))]
pub fn derive_collector(input: TokenStream) -> TokenStream {
    derive(input.into(), collector).into()
}

#[proc_macro_derive(Labels, attributes(label))]
pub fn derive_labels(input: TokenStream) -> TokenStream {
    derive(input.into(), label_struct).into()
}

#[proc_macro_derive(LabelValue, attributes(label))]
pub fn derive_label_value(input: TokenStream) -> TokenStream {
    derive(input.into(), label_enum).into()
}

fn derive(input: TokenStream2, expand: fn(&DeriveInput) -> TokenStream2) -> TokenStream2 {
    match syn::parse2(input) {
        Ok(input) => expand(&input),
        Err(error) => error.into_compile_error(),
    }
}

fn collector(input: &DeriveInput) -> TokenStream2 {
    let mut errors = Errors::default();
    let mut collector = attr::collector(input, &mut errors);
    check::collector(&mut collector, &mut errors);
    match errors.into_compile_errors() {
        None => expand::collector(&collector),
        Some(compile_errors) => fallback::collector(&collector, compile_errors),
    }
}

fn label_struct(input: &DeriveInput) -> TokenStream2 {
    let mut errors = Errors::default();
    let labels = attr::label_struct(input, &mut errors);
    check::label_struct(&labels, &mut errors);
    match errors.into_compile_errors() {
        None => expand::label_struct(&labels),
        Some(compile_errors) => fallback::label_struct(&labels, compile_errors),
    }
}

fn label_enum(input: &DeriveInput) -> TokenStream2 {
    let mut errors = Errors::default();
    let values = attr::label_enum(input, &mut errors);
    check::label_enum(&values, &mut errors);
    match errors.into_compile_errors() {
        None => expand::label_enum(&values),
        Some(compile_errors) => fallback::label_enum(&values, compile_errors),
    }
}
