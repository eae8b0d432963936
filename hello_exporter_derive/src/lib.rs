//! The derive macros of `hello_exporter`, which documents and re-exports them.
//!
//! A declaration goes through three stages: `attr` reads attributes into the `model`, `check`
//! checks the model against the rules, and `expand` turns it into code. `errors` collects all
//! mistakes. If there are any, `fallback` runs in place of `expand`. `rename` has the styles of the
//! argument `rename_all`.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "documented where `hello_exporter` re-exports them")]

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
    stages(input, attr::collector, check::collector, expand::collector, fallback::collector)
}

fn label_struct(input: &DeriveInput) -> TokenStream2 {
    stages(
        input,
        attr::label_struct,
        |labels, errors| check::label_struct(labels, errors),
        expand::label_struct,
        fallback::label_struct,
    )
}

fn label_enum(input: &DeriveInput) -> TokenStream2 {
    stages(
        input,
        attr::label_enum,
        |values, errors| check::label_enum(values, errors),
        expand::label_enum,
        fallback::label_enum,
    )
}

/// Reads the declaration, checks it and expands it. If it has mistakes, the result is compile
/// errors and stub impls.
fn stages<'i, M>(
    input: &'i DeriveInput,
    read: fn(&'i DeriveInput, &mut Errors) -> M,
    check: fn(&mut M, &mut Errors),
    expand: fn(&M) -> TokenStream2,
    fallback: fn(&M, TokenStream2) -> TokenStream2,
) -> TokenStream2 {
    let mut errors = Errors::default();
    let mut model = read(input, &mut errors);
    check(&mut model, &mut errors);
    match errors.into_compile_errors() {
        None => expand(&model),
        Some(compile_errors) => fallback(&model, compile_errors),
    }
}
