//! The rules that depend on the type of a field: assertions in constants, with the span of the
//! mistake.
//!
//! A free constant is evaluated by `cargo check`. It cannot name a generic parameter. So the checks
//! of fields with generic types are in an associated constant, which only a build evaluates.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::quote;
use syn::{GenericParam, Generics, Type};

use super::declaration::{constant_buckets, declared_type};
use super::spans::{Ends, call, of_metric};
use super::variant;
use crate::model::{Buckets, Collector, Field, Limit, Metric, Name, Native, Number};

/// Writes the checks of fields whose types mention no parameter.
pub(crate) fn free(collector: &Collector) -> TokenStream {
    let checks = all(collector)
        .filter(|check| !check.is_generic)
        .map(|check| with_static_lifetimes(check.call, &lifetimes(collector)));
    quote!(#(const _: () = #checks;)*)
}

/// Writes the checks of all other fields.
pub(super) fn associated(collector: &Collector) -> TokenStream {
    let checks = all(collector).filter(|check| check.is_generic).map(|check| check.call);
    quote!(#(#checks;)*)
}

/// A call of a check.
struct Check {
    call: TokenStream,
    /// Whether it mentions a parameter of the struct.
    is_generic: bool,
}

fn all(collector: &Collector) -> impl Iterator<Item = Check> {
    let parameters = parameters(&collector.generics);
    let of_fields = valid(collector).flat_map(|(field, metric)| of_field(collector, field, metric));
    let escaped = collector.utf8.then(|| escaped_names(collector)).into_iter().flatten();
    of_fields.chain(check_overlaps(collector)).chain(escaped).map(move |call| {
        let is_generic = mentions(call.clone(), &parameters);
        Check { call, is_generic }
    })
}

/// Returns the metrics whose fields follow the rules that depend on the tokens alone.
fn valid(collector: &Collector) -> impl Iterator<Item = (&Field, &Metric)> {
    collector.metrics().filter(|(field, _)| field.is_valid)
}

fn of_field(collector: &Collector, field: &Field, metric: &Metric) -> Vec<TokenStream> {
    let krate = &collector.krate;
    let ty = &field.ty;
    let mut checks = vec![check_labels(collector, field, metric)];
    checks.extend(check_reserved_labels(collector, field, metric));
    if let Some(metric_type) = &metric.metric_type {
        checks.push(check_type(krate, ty, &metric_type.word));
    }
    checks.extend(check_total(krate, field, metric));
    if let Some(unit) = &metric.unit {
        let (name, own) = (collector.full_name(metric), of_metric(krate, ty, "TYPE"));
        let value = &unit.value;
        let arguments = quote!(#name, #own, #value);
        checks.push(call(krate, "check_unit_taken", arguments, Ends::both(unit.span)));
    }
    if let Some(buckets) = &metric.buckets {
        checks.extend(check_buckets(krate, ty, buckets));
    }
    if let Some(native) = &metric.native {
        checks.extend(check_native(krate, ty, native));
    }
    let mut check_limit = |check, limit: &Limit| {
        let options = of_metric(krate, ty, "OPTIONS");
        let expr = &limit.expr;
        checks.push(call(krate, check, quote!(#options, #expr), Ends::both(limit.span)));
    };
    metric.max_series.iter().for_each(|limit| check_limit("check_max_series", limit));
    metric.expire_after.iter().for_each(|limit| check_limit("check_expire_after", limit));
    checks
}

/// Checks the number of label names, a label struct against the constant labels, the name of an
/// info, and the number of states. The error is at the list of labels, or else at the type.
fn check_labels(collector: &Collector, field: &Field, metric: &Metric) -> TokenStream {
    let krate = &collector.krate;
    let ty = &field.ty;
    let given = metric.labels.as_ref().map_or(0, |list| list.names.len());
    let constants = collector.const_labels_of(metric).map(|label| &label.name.value);
    let (shape, own) = (of_metric(krate, ty, "LABELS"), of_metric(krate, ty, "TYPE"));
    let name = collector.full_name(metric);
    let arguments = quote!(#name, #shape, #own, #given, &[#(#constants),*]);
    let at_list = metric.labels.as_ref().map(|list| Ends::both(list.span));
    let check = if collector.utf8 { "check_utf8_labels" } else { "check_labels" };
    call(krate, check, arguments, at_list.unwrap_or_else(|| Ends::of(ty)))
}

/// Checks that no scheme writes two names of a struct alike, or two labels of a metric.
fn escaped_names(collector: &Collector) -> Vec<TokenStream> {
    let krate = &collector.krate;
    let full_name = |(_, metric): (&Field, &Metric)| Name {
        value: collector.full_name(metric),
        span: metric.name.span,
    };
    let names: Vec<Name> = valid(collector).map(full_name).collect();
    let of_struct: Vec<&Name> = collector.const_labels.iter().map(|label| &label.name).collect();
    let mut checks = check_escaped(krate, "check_escaped_name", &[], names.iter());
    checks.extend(check_escaped_labels(krate, &[], of_struct.iter().copied()));
    for (_, metric) in valid(collector) {
        let constant = metric.const_labels.iter().map(|label| &label.name);
        let variable = metric.labels.iter().flat_map(|list| &list.names);
        checks.extend(check_escaped_labels(krate, &of_struct, constant.chain(variable)));
    }
    checks
}

/// Checks that no scheme writes a label like one before it, or like `__name__`.
pub(super) fn check_escaped_labels<'n>(
    krate: &TokenStream,
    before: &[&Name],
    labels: impl Iterator<Item = &'n Name>,
) -> Vec<TokenStream> {
    check_escaped(krate, "check_escaped_label", before, labels)
}

/// Checks each name against all names before it. The error is at the later name.
fn check_escaped<'n>(
    krate: &TokenStream,
    check: &str,
    before: &[&Name],
    names: impl Iterator<Item = &'n Name>,
) -> Vec<TokenStream> {
    let mut before: Vec<&str> = before.iter().map(|name| &*name.value).collect();
    let check = |name: &'n Name| {
        let value = &*name.value;
        let arguments = quote!(#value, &[#(#before),*]);
        before.push(value);
        call(krate, check, arguments, Ends::both(name.span))
    };
    names.map(check).collect()
}

/// Checks that no label is reserved: `le` for histograms, `quantile` for summaries, the name of a
/// state set for its states.
fn check_reserved_labels(
    collector: &Collector,
    field: &Field,
    metric: &Metric,
) -> Vec<TokenStream> {
    let krate = &collector.krate;
    let variable = metric.labels.iter().flat_map(|list| &list.names);
    let constant = collector.const_labels_of(metric).map(|label| &label.name);
    let metric_name = collector.full_name(metric);
    let is_reserved =
        |label: &&Name| matches!(&*label.value, "le" | "quantile") || label.value == metric_name;
    let reserved = variable.chain(constant).filter(is_reserved);
    let check = |label: &Name| {
        let own = of_metric(krate, &field.ty, "TYPE");
        let value = &label.value;
        let arguments = quote!(#metric_name, #own, #value);
        call(krate, "check_reserved_label", arguments, Ends::both(label.span))
    };
    reserved.map(check).collect()
}

/// Checks that a field with `counter`, `gauge` or `untyped` is a plain value.
fn check_type(krate: &TokenStream, ty: &Type, word: &Ident) -> TokenStream {
    let own = of_metric(krate, ty, "TYPE");
    let variant = variant(word);
    let arguments = quote!(#own, #krate::collect::MetricType::#variant);
    call(krate, "check_type", arguments, Ends::both(word.span()))
}

/// Checks that a plain value named `…_total` is declared as a `counter`.
fn check_total(krate: &TokenStream, field: &Field, metric: &Metric) -> Option<TokenStream> {
    let is_counter = metric.metric_type.as_ref().is_some_and(|declared| declared.word == "counter");
    if is_counter || !metric.name.value.ends_with("_total") {
        return None;
    }
    let own = of_metric(krate, &field.ty, "TYPE");
    Some(call(krate, "check_total", own, Ends::both(metric.name.span)))
}

/// Checks that a field with buckets is a histogram. Checks the buckets too if they are not
/// literals.
fn check_buckets(krate: &TokenStream, ty: &Type, buckets: &Buckets) -> Vec<TokenStream> {
    let options = of_metric(krate, ty, "OPTIONS");
    let mut checks = vec![call(krate, "check_buckets_taken", options, Ends::both(buckets.span))];
    if buckets.literals.is_none() {
        let slice = constant_buckets(krate, buckets);
        checks.push(call(krate, "check_buckets", slice, Ends::of(&buckets.expr)));
    }
    checks
}

/// Checks that a field with native buckets is a histogram. Checks the factor and the thresholds too
/// if they are not literals.
fn check_native(krate: &TokenStream, ty: &Type, native: &Native) -> Vec<TokenStream> {
    let options = of_metric(krate, ty, "OPTIONS");
    let mut checks = vec![call(krate, "check_native_taken", options, Ends::both(native.span))];
    let mut check = |function, number: &Number| {
        if number.literal.is_none() {
            let expr = &number.expr;
            checks.push(call(krate, function, quote!(#expr), Ends::of(expr)));
        }
    };
    native.factor.iter().for_each(|factor| check("check_factor", factor));
    native.thresholds().for_each(|(_, threshold)| check("check_threshold", threshold));
    checks
}

/// A name of a metric, the present one or the old one.
#[derive(Clone, Copy)]
struct Named<'m> {
    name: &'m Name,
    field: &'m Field,
    metric: &'m Metric,
}

impl Named<'_> {
    fn tokens(&self, krate: &TokenStream) -> TokenStream {
        let name = &self.name.value;
        let own = of_metric(krate, &self.field.ty, "TYPE");
        let declared = declared_type(krate, self.metric);
        quote!((#name, #own, #declared))
    }

    /// Returns whether both are names of one metric, one with `_total` and one without. Then
    /// OpenMetrics exposes one of them without a type.
    fn is_renamed_total(&self, other: &Self, suffix: &str) -> bool {
        self.field.ident == other.field.ident && suffix == "_total"
    }
}

fn all_names(collector: &Collector) -> impl Iterator<Item = Named<'_>> {
    valid(collector).flat_map(|(field, metric)| {
        let names = std::iter::once(&metric.name).chain(&metric.renamed_from);
        names.map(move |name| Named { name, field, metric })
    })
}

/// Checks pairs of names where one metric may expose the name of the other. The error is at the
/// longer name.
fn check_overlaps(collector: &Collector) -> Vec<TokenStream> {
    const SUFFIXES: &[&str] = &["_bucket", "_sum", "_count", "_created", "_total", "_info"];

    let krate = &collector.krate;
    let by_name: HashMap<&str, Named<'_>> =
        all_names(collector).map(|named| (&*named.name.value, named)).collect();
    let mut checks = Vec::new();
    for longer in all_names(collector) {
        for suffix in SUFFIXES {
            let Some(base) = longer.name.value.strip_suffix(suffix) else { continue };
            // OpenMetrics has the family `x` for `x_total`.
            let counter = (*suffix == "_created").then(|| format!("{base}_total"));
            for shorter in [Some(base.to_owned()), counter].into_iter().flatten() {
                let Some(shorter) = by_name.get(&*shorter) else { continue };
                if longer.is_renamed_total(shorter, suffix) {
                    continue;
                }
                let (shorter, named) = (shorter.tokens(krate), longer.tokens(krate));
                let arguments = quote!(#shorter, #named, #suffix);
                checks.push(call(krate, "check_overlap", arguments, Ends::both(longer.name.span)));
            }
        }
    }
    checks
}

/// Returns the names of all type and constant parameters, and `Self`. A free constant cannot use
/// them.
pub(super) fn parameters(generics: &Generics) -> HashSet<String> {
    let name = |param: &GenericParam| match param {
        GenericParam::Type(param) => Some(param.ident.to_string()),
        GenericParam::Const(param) => Some(param.ident.to_string()),
        GenericParam::Lifetime(_) => None,
    };
    let parameters = generics.params.iter().filter_map(name);
    parameters.chain(["Self".to_owned()]).collect()
}

/// Returns the names of the struct's lifetimes.
fn lifetimes(collector: &Collector) -> HashSet<String> {
    collector.generics.lifetimes().map(|param| param.lifetime.ident.to_string()).collect()
}

pub(super) fn mentions(tokens: TokenStream, parameters: &HashSet<String>) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => parameters.contains(&ident.to_string()),
        TokenTree::Group(group) => mentions(group.stream(), parameters),
        _ => false,
    })
}

/// Replaces the struct's lifetimes, at any depth, by `'static`.
fn with_static_lifetimes(tokens: TokenStream, lifetimes: &HashSet<String>) -> TokenStream {
    let mut after_quote = false;
    let replace = |token: TokenTree| {
        let is_lifetime = std::mem::replace(&mut after_quote, is_quote(&token));
        match token {
            TokenTree::Ident(ident) if is_lifetime && lifetimes.contains(&ident.to_string()) => {
                Ident::new("static", ident.span()).into()
            }
            TokenTree::Group(group) => {
                let stream = with_static_lifetimes(group.stream(), lifetimes);
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
