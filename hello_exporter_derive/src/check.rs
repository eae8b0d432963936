//! The rules that depend on the tokens alone.

use std::collections::HashMap;

use proc_macro2::Span;

use crate::errors::Errors;
use crate::model::{Collector, Field, FieldKind, LabelEnum, LabelStruct, Metric, Name, Number};

/// Checks a declaration against every rule, and records which fields are valid.
pub(crate) fn collector(collector: &mut Collector, errors: &mut Errors) {
    check_prefixes(collector, errors);
    check_struct_const_labels(collector, errors);
    check_flatten_prefixes(collector, errors);
    let is_valid = |field: &Field| {
        let before = errors.count();
        self::field(collector, field, errors);
        errors.count() == before
    };
    let valid: Vec<bool> = collector.fields.iter().map(is_valid).collect();
    for (field, is_valid) in collector.fields.iter_mut().zip(valid) {
        field.is_valid &= is_valid;
    }
    check_names_distinct(collector, errors);
}

fn field(collector: &Collector, field: &Field, errors: &mut Errors) {
    let FieldKind::Metric(metric) = &field.kind else { return };
    check_name(collector, metric, errors);
    check_label_list(metric, errors);
    check_label_names(collector, metric, errors);
    check_labels_distinct(collector, metric, errors);
    check_bucket_literals(metric, errors);
    check_native_literals(metric, errors);
    check_help(field, metric, errors);
    check_status(collector, metric, errors);
    // A name that could not be read cannot be compared with the unit.
    if field.is_readable {
        check_unit(collector, metric, errors);
    }
}

/// Checks a label struct against every rule.
pub(crate) fn label_struct(labels: &LabelStruct, errors: &mut Errors) {
    check_label_struct_names(labels, errors);
}

/// Checks a label enum against every rule.
pub(crate) fn label_enum(values: &LabelEnum, errors: &mut Errors) {
    check_label_values(values, errors);
    check_label_values_distinct(values, errors);
}

fn check_label_struct_names(labels: &LabelStruct, errors: &mut Errors) {
    let names = || labels.labels.iter().map(|label| &label.name);
    let accepted = Accepted { utf8: labels.utf8, attribute: "label" };
    for name in names() {
        check_label_name(name, accepted, errors);
    }
    check_distinct(names(), "label", errors);
}

/// Refuses an empty value, which is the same as no label.
fn check_label_values(values: &LabelEnum, errors: &mut Errors) {
    for (_, name) in values.variants.iter().filter(|(_, name)| name.value.is_empty()) {
        errors.push(name.span, "the value is empty: to Prometheus that is no label");
    }
}

fn check_label_values_distinct(values: &LabelEnum, errors: &mut Errors) {
    check_distinct(values.variants.iter().map(|(_, name)| name), "value", errors);
}

/// Refuses a namespace or subsystem that cannot be the beginning of a name.
fn check_prefixes(collector: &Collector, errors: &mut Errors) {
    for prefix in [&collector.namespace, &collector.subsystem].into_iter().flatten() {
        let accepted = Accepted::by(collector);
        check_metric_name(&prefix.clone().into(), FirstDigit::Refused, accepted, errors);
    }
}

fn check_struct_const_labels(collector: &Collector, errors: &mut Errors) {
    for label in &collector.const_labels {
        check_label_name(&label.name, Accepted::by(collector), errors);
    }
    let names = collector.const_labels.iter().map(|label| &label.name);
    check_distinct(names, "label", errors);
}

fn check_name(collector: &Collector, metric: &Metric, errors: &mut Errors) {
    check_metric_name(&metric.name, first_digit(collector), Accepted::by(collector), errors);
}

fn first_digit(collector: &Collector) -> FirstDigit {
    match collector.namespace.is_some() || collector.subsystem.is_some() {
        true => FirstDigit::Accepted,
        false => FirstDigit::Refused,
    }
}

/// The names that a struct accepts.
#[derive(Clone, Copy)]
struct Accepted {
    /// Whether any UTF-8 text is accepted.
    utf8: bool,
    /// The attribute of the struct, whose argument `utf8` makes it accept any text.
    attribute: &'static str,
}

impl Accepted {
    fn by(collector: &Collector) -> Self {
        Self { utf8: collector.utf8, attribute: "collector" }
    }

    /// Returns the hint after the message about a name that only `utf8` permits.
    fn hint(self) -> String {
        format!(", and any text with `#[{}(utf8)]`", self.attribute)
    }
}

/// Whether a name may begin with a digit. It may after a namespace or subsystem.
#[derive(PartialEq)]
enum FirstDigit {
    Accepted,
    Refused,
}

fn check_metric_name(
    name: &Name,
    first_digit: FirstDigit,
    accepted: Accepted,
    errors: &mut Errors,
) {
    if accepted.utf8 {
        check_not_empty(name, "name", errors);
    } else if name.value.contains(':') {
        let message = "`:` in a name is for recording rules, use `_`";
        errors.push(name.span, message);
    } else {
        check_identifier(name, "name", first_digit, &accepted.hint(), errors);
    }
}

fn check_not_empty(name: &Name, noun: &str, errors: &mut Errors) {
    if name.value.is_empty() {
        errors.push(name.span, format!("the {noun} is empty"));
    }
}

fn check_label_name(name: &Name, accepted: Accepted, errors: &mut Errors) {
    if name.value.starts_with("__") {
        let message = format!("label `{}` is reserved: `__` is for Prometheus itself", name.value);
        errors.push(name.span, message);
    } else if accepted.utf8 {
        check_not_empty(name, "label", errors);
    } else {
        check_identifier(name, "label", FirstDigit::Refused, &accepted.hint(), errors);
    }
}

fn is_identifier(value: &str) -> bool {
    !value.is_empty() && value.chars().all(is_accepted)
}

fn is_accepted(character: char) -> bool {
    character == '_' || character.is_ascii_alphanumeric()
}

fn check_identifier(
    name: &Name,
    noun: &str,
    first_digit: FirstDigit,
    hint: &str,
    errors: &mut Errors,
) {
    let value = &name.value;
    if value.is_empty() {
        return check_not_empty(name, noun, errors);
    }
    let message = if let Some(other) = value.chars().find(|&character| !is_accepted(character)) {
        let other = other.escape_debug();
        format!("`{other}` in {noun} `{value}`: letters, digits and `_` are accepted{hint}")
    } else if first_digit == FirstDigit::Refused && value.starts_with(|c: char| c.is_ascii_digit())
    {
        format!("{noun} `{value}` begins with a digit: a letter or `_` is accepted{hint}")
    } else {
        return;
    };
    errors.push(name.span, message);
}

fn check_help(field: &Field, metric: &Metric, errors: &mut Errors) {
    match (&metric.help, metric.unreadable_doc) {
        // An attribute that could not be read may contain the help.
        (None, _) if !field.is_readable => {}
        (None, Some(doc)) => errors
            .push(doc, "a doc comment made by a macro cannot be read here, add `help = \"…\"`"),
        (None, None) => errors.push(
            field.ident.span(),
            "no help: add a doc comment or `help = \"…\"`; a struct of metrics takes `flatten`, and a \
             field that is not a metric takes `skip`",
        ),
        (Some(help), _) if help.text.trim().is_empty() => {
            errors.push(help.span, "the help is empty: say what the metric measures, and its unit");
        }
        (Some(_), _) => {}
    }
}

/// Checks the old name, and the advice of a metric that will be removed.
fn check_status(collector: &Collector, metric: &Metric, errors: &mut Errors) {
    if let Some(old) = &metric.renamed_from {
        check_old_name(collector, metric, old, errors);
    }
    let Some(advice) = &metric.deprecated else { return };
    if advice.text.trim().is_empty() {
        let message = "the advice is empty: say what to use instead";
        errors.push(advice.span, message);
    } else if metric.renamed_from.is_some() {
        let message = "`deprecated` contradicts `renamed_from`, which deprecates the old name";
        errors.push(advice.span, message);
    }
}

fn check_old_name(collector: &Collector, metric: &Metric, old: &Name, errors: &mut Errors) {
    check_metric_name(old, first_digit(collector), Accepted::by(collector), errors);
    if old.value == metric.name.value {
        errors.push(old.span, format!("`{}` is the name already", old.value));
    }
}

fn check_label_list(metric: &Metric, errors: &mut Errors) {
    if let Some(list) = &metric.labels
        && list.names.is_empty()
    {
        errors.push(list.span, "`labels` is empty: name a label, or remove it");
    }
}

fn check_label_names(collector: &Collector, metric: &Metric, errors: &mut Errors) {
    let variable = metric.labels.iter().flat_map(|list| &list.names);
    for name in variable.chain(metric.const_labels.iter().map(|label| &label.name)) {
        check_label_name(name, Accepted::by(collector), errors);
    }
}

fn check_labels_distinct(collector: &Collector, metric: &Metric, errors: &mut Errors) {
    let constant: Vec<&Name> = collector.const_labels_of(metric).map(|label| &label.name).collect();
    // A constant label that the struct repeats is reported once, at the struct.
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

/// Refuses a name that does not end in its unit, or in the unit and `_total`.
fn check_unit(collector: &Collector, metric: &Metric, errors: &mut Errors) {
    let Some(unit) = &metric.unit else { return };
    if !is_identifier(&unit.value) {
        return check_identifier(unit, "unit", FirstDigit::Refused, "", errors);
    }
    let name = collector.full_name(metric);
    let base = name.strip_suffix("_total").unwrap_or(&name);
    let is_accepted = collector.utf8 || is_identifier(&metric.name.value);
    if is_accepted && !metric.name.value.is_empty() && !base.ends_with(&format!("_{}", unit.value))
    {
        let unit = &unit.value;
        let message = format!(
            "name `{name}` has unit `{unit}`, and must end in `_{unit}` or `_{unit}_total`"
        );
        errors.push(metric.name.span, message);
    }
}

fn check_bucket_literals(metric: &Metric, errors: &mut Errors) {
    let Some(buckets) = &metric.buckets else { return };
    let Some(literals) = &buckets.literals else { return };
    if literals.is_empty() {
        errors
            .push(buckets.span, "`buckets` is empty: give a bound, or remove it for the defaults");
    }
    if let Some((_, span)) = literals.iter().find(|(value, _)| !value.is_finite()) {
        errors.push(*span, "buckets must be finite, `+Inf` is always there");
    }
    for ((value, _), (next, span)) in literals.iter().zip(literals.iter().skip(1)) {
        if next <= value {
            let message =
                format!("bucket `{next}` is not above `{value}`: buckets must increase strictly");
            errors.push(*span, message);
        }
    }
}

/// Refuses a factor and thresholds that no buckets can have.
fn check_native_literals(metric: &Metric, errors: &mut Errors) {
    let Some(native) = &metric.native else { return };
    if let Some(Number { literal: Some(factor), span, .. }) = &native.factor
        && !(*factor > 1.0 && factor.is_finite())
    {
        let message = format!("invalid factor `{factor}`, expected a number above 1, e.g. `1.1`");
        errors.push(*span, message);
    }
    for (name, number) in native.thresholds() {
        if let Some(threshold) = number.literal
            && !(threshold >= 0.0 && threshold.is_finite())
        {
            let message = format!("invalid {name} `{threshold}`, expected 0 or a number above it");
            errors.push(number.span, message);
        }
    }
}

/// Refuses a prefix that cannot be the beginning of a name.
fn check_flatten_prefixes(collector: &Collector, errors: &mut Errors) {
    for prefix in collector.flattened().filter_map(|(_, prefix)| prefix) {
        check_metric_name(prefix, FirstDigit::Refused, Accepted::by(collector), errors);
    }
}

fn check_names_distinct(collector: &Collector, errors: &mut Errors) {
    let readable = collector.metrics().filter(|(field, _)| field.is_readable);
    let is_new = |metric: &&Metric, old: &Name| old.value != metric.name.value;
    let names = readable.flat_map(|(_, metric)| {
        let old = metric.renamed_from.as_ref().filter(|old| is_new(&metric, old));
        std::iter::once(&metric.name).chain(old)
    });
    check_distinct(names, "name", errors);
}

/// Reports each repeated name after its first use. Other rules report empty names.
fn check_distinct<'n>(names: impl IntoIterator<Item = &'n Name>, noun: &str, errors: &mut Errors) {
    let mut first: HashMap<&str, Span> = HashMap::new();
    for name in names.into_iter().filter(|name| !name.value.is_empty()) {
        if first.insert(&name.value, name.span).is_some() {
            errors.push(name.span, format!("{noun} `{}` is given twice", name.value));
        }
    }
}
