//! The rules that can be told from the tokens alone.

use std::collections::HashMap;

use proc_macro2::Span;

use crate::errors::Errors;
use crate::model::{Collector, Field, LabelEnum, LabelStruct, Metric, Name};

/// Holds a declaration against every rule.
pub(crate) fn collector(collector: &Collector, errors: &mut Errors) {
    check_prefixes(collector, errors);
    check_struct_const_labels(collector, errors);
    for (field, metric) in collector.metrics() {
        check_name(collector, metric, errors);
        check_help(field, metric, errors);
        check_label_list(metric, errors);
        check_label_names(metric, errors);
        check_labels_distinct(collector, metric, errors);
        check_unit(metric, errors);
        check_bucket_literals(metric, errors);
    }
    check_flatten_prefixes(collector, errors);
    check_names_distinct(collector, errors);
}

/// Holds a label struct against every rule.
pub(crate) fn label_struct(labels: &LabelStruct, errors: &mut Errors) {
    check_label_struct_names(labels, errors);
}

/// Holds a label enum against every rule.
pub(crate) fn label_enum(values: &LabelEnum, errors: &mut Errors) {
    check_label_values_distinct(values, errors);
}

fn check_label_struct_names(labels: &LabelStruct, errors: &mut Errors) {
    let names = || labels.labels.iter().map(|label| &label.name);
    for name in names() {
        check_label_name(name, errors);
    }
    check_distinct(names(), "label", errors);
}

fn check_label_values_distinct(values: &LabelEnum, errors: &mut Errors) {
    check_distinct(values.variants.iter().map(|(_, name)| name), "value", errors);
}

/// Namespace and subsystem are the first part of a name.
fn check_prefixes(collector: &Collector, errors: &mut Errors) {
    for prefix in [&collector.namespace, &collector.subsystem].into_iter().flatten() {
        check_metric_name(&prefix.clone().into(), FirstDigit::Refused, errors);
    }
}

fn check_struct_const_labels(collector: &Collector, errors: &mut Errors) {
    for label in &collector.const_labels {
        check_label_name(&label.name, errors);
    }
    let names = collector.const_labels.iter().map(|label| &label.name);
    check_distinct(names, "label", errors);
}

fn check_name(collector: &Collector, metric: &Metric, errors: &mut Errors) {
    let is_prefixed = collector.namespace.is_some() || collector.subsystem.is_some();
    let first_digit = if is_prefixed { FirstDigit::Accepted } else { FirstDigit::Refused };
    check_metric_name(&metric.name, first_digit, errors);
}

/// Behind a namespace a name may begin with a digit.
#[derive(PartialEq)]
enum FirstDigit {
    Accepted,
    Refused,
}

fn check_metric_name(name: &Name, first_digit: FirstDigit, errors: &mut Errors) {
    if name.value.contains(':') {
        let message = "`:` in a name is for recording rules, use `_`";
        errors.push(name.span, message);
    } else {
        check_identifier(name, "name", first_digit, errors);
    }
}

fn check_label_name(name: &Name, errors: &mut Errors) {
    if name.value.starts_with("__") {
        let message = format!("label `{}` is reserved: `__` is for Prometheus itself", name.value);
        errors.push(name.span, message);
    } else {
        check_identifier(name, "label", FirstDigit::Refused, errors);
    }
}

fn check_identifier(name: &Name, noun: &str, first_digit: FirstDigit, errors: &mut Errors) {
    let value = &name.value;
    let is_accepted = |character: char| character == '_' || character.is_ascii_alphanumeric();
    let message = if value.is_empty() {
        format!("the {noun} is empty")
    } else if let Some(other) = value.chars().find(|&character| !is_accepted(character)) {
        let other = other.escape_debug();
        format!("`{other}` in {noun} `{value}`: letters, digits and `_` are accepted")
    } else if first_digit == FirstDigit::Refused && value.starts_with(|c: char| c.is_ascii_digit())
    {
        format!("{noun} `{value}` begins with a digit: a letter or `_` is accepted")
    } else {
        return;
    };
    errors.push(name.span, message);
}

fn check_help(field: &Field, metric: &Metric, errors: &mut Errors) {
    match &metric.help {
        None => errors.push(
            field.ident.span(),
            "no help: add a doc comment or `help = \"…\"`, or `skip` for a field that is no metric",
        ),
        Some(help) if help.text.trim().is_empty() => {
            errors.push(help.span, "the help is empty: say what the metric measures, and its unit");
        }
        Some(_) => {}
    }
}

fn check_label_list(metric: &Metric, errors: &mut Errors) {
    if let Some(list) = &metric.labels
        && list.names.is_empty()
    {
        errors.push(list.span, "`labels` is empty: name a label, or remove it");
    }
}

fn check_label_names(metric: &Metric, errors: &mut Errors) {
    let variable = metric.labels.iter().flat_map(|list| &list.names);
    for name in variable.chain(metric.const_labels.iter().map(|label| &label.name)) {
        check_label_name(name, errors);
    }
}

fn check_labels_distinct(collector: &Collector, metric: &Metric, errors: &mut Errors) {
    let constant: Vec<&Name> = collector.const_labels_of(metric).map(|label| &label.name).collect();
    // Two of the struct's own are told once, at the struct.
    let inherited = collector.const_labels.len();
    for (at, name) in constant.iter().enumerate().skip(inherited) {
        if constant.iter().take(at).any(|other| other.value == name.value) {
            errors.push(name.span, format!("label `{}` is given twice", name.value));
        }
    }
    let Some(list) = &metric.labels else { return };
    for name in &list.names {
        if constant.iter().any(|other| other.value == name.value) {
            let message = format!("label `{}` is both constant and variable", name.value);
            errors.push(name.span, message);
        }
    }
    check_distinct(&list.names, "label", errors);
}

/// The name of a metric ends in its unit, or in the unit and `_total`.
fn check_unit(metric: &Metric, errors: &mut Errors) {
    let Some(unit) = &metric.unit else { return };
    let name = &metric.name.value;
    let base = name.strip_suffix("_total").unwrap_or(name);
    let ends_in_unit = base == unit.value || base.ends_with(&format!("_{}", unit.value));
    if unit.value.is_empty() {
        errors.push(unit.span, "the unit is empty");
    } else if !ends_in_unit {
        let unit = &unit.value;
        let message = format!(
            "name `{name}` has unit `{unit}`, and must end in `_{unit}` or `_{unit}_total`"
        );
        errors.push(metric.name.span, message);
    }
}

fn check_bucket_literals(metric: &Metric, errors: &mut Errors) {
    let Some(literals) = metric.buckets.as_ref().and_then(|buckets| buckets.literals.as_ref())
    else {
        return;
    };
    for ((value, _), (next, span)) in literals.iter().zip(literals.iter().skip(1)) {
        if next <= value {
            let message =
                format!("bucket `{next}` is not above `{value}`: buckets must increase strictly");
            errors.push(*span, message);
        }
    }
}

/// A prefix is the first part of a name.
fn check_flatten_prefixes(collector: &Collector, errors: &mut Errors) {
    for prefix in collector.flattened().filter_map(|(_, prefix)| prefix) {
        check_metric_name(prefix, FirstDigit::Refused, errors);
    }
}

fn check_names_distinct(collector: &Collector, errors: &mut Errors) {
    check_distinct(collector.metrics().map(|(_, metric)| &metric.name), "name", errors);
}

/// No two names are the same; every one but the first is told.
fn check_distinct<'n>(names: impl IntoIterator<Item = &'n Name>, noun: &str, errors: &mut Errors) {
    let mut first: HashMap<&str, Span> = HashMap::new();
    for name in names {
        if first.insert(&name.value, name.span).is_some() {
            errors.push(name.span, format!("{noun} `{}` is given twice", name.value));
        }
    }
}
