//! The rules that depend on the type of a field: assertions in constants, on the token concerned.
//!
//! A free constant is evaluated by `cargo check`. It cannot name a generic parameter, so that the
//! checks of fields whose type does are part of an associated constant, which only a build evaluates.

use std::collections::HashSet;

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::GenericParam;

use super::{Ends, call, of_metric, variant};
use crate::model::{Collector, Field, Metric};

/// The checks of fields whose types are the same for all instances of the struct.
pub(super) fn free(collector: &Collector) -> TokenStream {
    let parameters = parameters(collector);
    let fields = collector.metrics().filter(|(field, _)| !mentions(field, &parameters));
    let checks = fields.flat_map(|(field, metric)| {
        // A free constant has no lifetimes but this one.
        let ty = with_static_lifetimes(field.ty.to_token_stream());
        checks(collector, field, metric, &ty)
    });
    quote!(#(const _: () = #checks;)*)
}

/// The checks of all other fields.
pub(super) fn associated(collector: &Collector) -> TokenStream {
    let parameters = parameters(collector);
    let fields = collector.metrics().filter(|(field, _)| mentions(field, &parameters));
    let checks = fields
        .flat_map(|(field, metric)| checks(collector, field, metric, &field.ty.to_token_stream()));
    quote!(#(#checks;)*)
}

fn checks(
    collector: &Collector,
    field: &Field,
    metric: &Metric,
    ty: &TokenStream,
) -> Vec<TokenStream> {
    let mut checks = vec![check_labels(collector, field, metric, ty)];
    match &metric.metric_type {
        Some(metric_type) => checks.push(check_type(collector, &metric_type.word, ty)),
        None if metric.name.value.ends_with("_total") => {
            checks.push(check_total(collector, metric, ty));
        }
        None => {}
    }
    checks
}

/// The number of label names is the one that the type has; told at the list, or else at the type.
fn check_labels(
    collector: &Collector,
    field: &Field,
    metric: &Metric,
    ty: &TokenStream,
) -> TokenStream {
    let krate = &collector.krate;
    let given = metric.labels.as_ref().map_or(0, |list| list.names.len());
    let at_list = metric.labels.as_ref().map(|list| Ends::both(list.span));
    let shape = of_metric(krate, ty, "LABELS");
    let ends = at_list.unwrap_or_else(|| Ends::of(&field.ty));
    call(krate, "check_labels", quote!(#shape, #given), ends)
}

/// A type word is for plain values.
fn check_type(collector: &Collector, word: &Ident, ty: &TokenStream) -> TokenStream {
    let krate = &collector.krate;
    let own = of_metric(krate, ty, "TYPE");
    let variant = variant(word);
    let arguments = quote!(#own, #krate::MetricType::#variant);
    call(krate, "check_type", arguments, Ends::both(word.span()))
}

/// A plain value that is called `…_total` has to say that it is a counter.
fn check_total(collector: &Collector, metric: &Metric, ty: &TokenStream) -> TokenStream {
    let krate = &collector.krate;
    let own = of_metric(krate, ty, "TYPE");
    call(krate, "check_total", own, Ends::both(metric.name.span))
}

/// The names of all type and constant parameters.
fn parameters(collector: &Collector) -> HashSet<String> {
    let name = |param: &GenericParam| match param {
        GenericParam::Type(param) => Some(param.ident.to_string()),
        GenericParam::Const(param) => Some(param.ident.to_string()),
        GenericParam::Lifetime(_) => None,
    };
    collector.generics.params.iter().filter_map(name).collect()
}

fn mentions(field: &Field, parameters: &HashSet<String>) -> bool {
    fn any(tokens: TokenStream, parameters: &HashSet<String>) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => parameters.contains(&ident.to_string()),
            TokenTree::Group(group) => any(group.stream(), parameters),
            _ => false,
        })
    }
    any(field.ty.to_token_stream(), parameters)
}

/// Every lifetime, in whatever depth, replaced by `'static`.
fn with_static_lifetimes(tokens: TokenStream) -> TokenStream {
    let mut after_quote = false;
    let replace = |token: TokenTree| {
        let is_lifetime = std::mem::replace(&mut after_quote, is_quote(&token));
        match token {
            TokenTree::Ident(ident) if is_lifetime => Ident::new("static", ident.span()).into(),
            TokenTree::Group(group) => {
                let stream = with_static_lifetimes(group.stream());
                let mut replaced = Group::new(group.delimiter(), stream);
                replaced.set_span(group.span());
                replaced.into()
            }
            other => other,
        }
    };
    tokens.into_iter().map(replace).collect()
}

fn is_quote(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '\'')
}
