//! The rules that depend on the type of a field: assertions in constants, on the token concerned.
//!
//! A free constant is evaluated by `cargo check`. It cannot name a generic parameter, so that the
//! checks of fields whose type does are part of an associated constant, which only a build evaluates.

use std::collections::HashSet;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::GenericParam;
use syn::spanned::Spanned;

use super::variant;
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
    let given = metric.labels.as_ref().map_or(0, |list| list.names.len());
    let span = metric.labels.as_ref().map_or_else(|| field.ty.span(), |list| list.span);
    let krate = respanned(&collector.krate, span);
    quote_spanned!(span=> #krate::__private::check_labels::<#ty>(#given))
}

/// A type word is for plain values.
fn check_type(collector: &Collector, word: &Ident, ty: &TokenStream) -> TokenStream {
    let span = word.span();
    let krate = respanned(&collector.krate, span);
    let variant = variant(word);
    quote_spanned!(span=> #krate::__private::check_type::<#ty>(#krate::MetricType::#variant))
}

/// A plain value that is called `…_total` has to say that it is a counter.
fn check_total(collector: &Collector, metric: &Metric, ty: &TokenStream) -> TokenStream {
    let span = metric.name.span;
    let krate = respanned(&collector.krate, span);
    quote_spanned!(span=> #krate::__private::check_total::<#ty>())
}

/// A path with another span. A call is underlined from its first token to its last, so that both
/// have to lie where the mistake is.
fn respanned(path: &TokenStream, span: Span) -> TokenStream {
    let respan = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    path.clone().into_iter().map(respan).collect()
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
