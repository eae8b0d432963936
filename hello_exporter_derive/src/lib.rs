//! The derive macro of `hello_exporter`, which documents it and re-exports it.
//!
//! A declaration goes through the stages in the order of the files: `attr` reads attributes into
//! the `model`, `check` holds the model against the rules, `expand` turns it into code. All
//! mistakes are collected in `errors`; where there are any, `fallback` stands in for the code.

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

/// Makes a struct a collector: generates `Describe`, `Collect`, `new()`, and the collector trait of
/// the `prometheus` crate.
///
/// # The struct: `#[collector(…)]`
///
/// | argument | meaning | default |
/// |---|---|---|
/// | `namespace = "…"`, `subsystem = "…"` | put in front of every name, joined by `_` | none |
/// | `const_labels(k = "v", …)` | constant labels of every metric | none |
/// | `no_new` | `new()` is not generated | it is, unless the struct borrows |
/// | `crate = path` | where `hello_exporter` is found | `::hello_exporter` |
///
/// # A field: `#[metric(…)]`
///
/// | argument | meaning | default |
/// |---|---|---|
/// | `name = "b"` | the name of the metric | the name of the field |
/// | `help = "…"` | the HELP text | the field's doc comment, its paragraphs joined by a space |
/// | `labels = ["hostname"]` | names of the variable labels, in the order of the values | none |
/// | `const_labels(hello = "world", "k" = EXPR)` | constant labels; a value is a string literal or any constant `&'static str` | none |
/// | `counter`, `gauge`, `untyped` | the type of a plain value | `gauge` |
/// | `skip` | not a metric: it becomes a parameter of `new()` | |
///
/// A field needs no attribute where its name and its doc comment say all there is to say.
///
/// # Types of fields
///
/// What a field is follows from its type, through the trait `Metric`, and not from how the type is
/// spelled: aliases and paths work.
///
/// - live metrics: `Counter`, `Gauge`, `CounterVec<N>`, `GaugeVec<N>`;
/// - live metrics of the `prometheus` crate: `Counter`, `IntCounter`, `Gauge`, `IntGauge` and their
///   `*Vec`s;
/// - plain values, read at scrape time: numbers, `bool`, `Duration`, `SystemTime`, atomics, `Option`s
///   of them (`None` is no sample), and references to all of these;
/// - `BTreeMap` and `HashMap` from labels to plain values: a string for one label, an array or a tuple
///   for several.
#[proc_macro_derive(Collector, attributes(collector, metric))]
pub fn derive_collector(input: TokenStream) -> TokenStream {
    derive(input.into(), collector).into()
}

/// Makes a struct a label set: one label for each field, named for it.
#[proc_macro_derive(Labels, attributes(label))]
pub fn derive_labels(input: TokenStream) -> TokenStream {
    derive(input.into(), label_struct).into()
}

/// Makes an enum a label value: one value for each variant.
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
    let collector = attr::collector(input, &mut errors);
    check::collector(&collector, &mut errors);
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
