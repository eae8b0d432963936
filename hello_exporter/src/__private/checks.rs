//! The rules of a declaration that depend on the type of its field.
//!
//! The derive calls each of these functions in a constant, with the span of the mistake. A panic is
//! a compile error with its message at that span. Registration repeats the checks of rules that can
//! be broken at run time.

use std::borrow::Cow;
use std::time::Duration;

use super::message::Message;
use super::metric_type;
use crate::collect::{LabelShape, Options};
use crate::desc::MetricType;
use crate::name::{Escaping, NameKind, as_str, is_same, is_same_bytes};

/// Checks labels as [`check_utf8_labels`] does. Also refuses names of a label struct that only
/// `#[collector(utf8)]` permits.
#[track_caller]
pub const fn check_labels(
    metric_name: &str,
    shape: LabelShape,
    own: Option<MetricType>,
    given: usize,
    const_labels: &[&str],
) {
    if let LabelShape::Named(names) = shape {
        check_plain_label_struct(names);
    }
    check_utf8_labels(metric_name, shape, own, given, const_labels);
}

/// Refuses a label struct with a name that only `#[collector(utf8)]` permits.
#[track_caller]
const fn check_plain_label_struct(mut names: &[Cow<'static, str>]) {
    while let [name, rest @ ..] = names {
        let name = as_str(name);
        if !name.is_empty() && !NameKind::Label.is_plain(name) {
            Message::new()
                .text("label `")
                .text(name)
                .text("` of the label struct needs `#[collector(utf8)]` at this struct")
                .panic()
        }
        names = rest;
    }
}

/// Refuses a name that a scheme writes like one `before` it.
#[track_caller]
pub const fn check_escaped_name(name: &str, before: &[&str]) {
    check_escaped(NameKind::Metric, "names", name, before);
}

/// Refuses a label that a scheme writes like one `before` it, or like the label `__name__` that
/// Prometheus adds.
#[track_caller]
pub const fn check_escaped_label(label: &str, before: &[&str]) {
    check_escaped(NameKind::Label, "labels", label, &["__name__"]);
    check_escaped(NameKind::Label, "labels", label, before);
}

/// Refuses two names that are different but the same under a scheme. The rules of tokens refuse
/// equal ones.
#[track_caller]
const fn check_escaped(kind: NameKind, noun: &str, name: &str, mut before: &[&str]) {
    while let [other, rest @ ..] = before {
        match kind.clash(name, other) {
            None | Some(Escaping::AllowUtf8) => before = rest,
            Some(escaping) => Message::new()
                .text(noun)
                .text(" `")
                .text(other)
                .text("` and `")
                .text(name)
                .text("` are the same with `escaping=")
                .text(escaping.as_str())
                .text("`, rename one of them")
                .panic(),
        }
    }
}

/// Refuses a number of label names that the type of the field does not take, a label struct that
/// contradicts the rest of the declaration, an info with an invalid name, and a state set with too
/// many states.
#[track_caller]
pub const fn check_utf8_labels(
    metric_name: &str,
    shape: LabelShape,
    own: Option<MetricType>,
    given: usize,
    const_labels: &[&str],
) {
    check_info_name(metric_name, own);
    let message = match shape {
        LabelShape::None | LabelShape::StateSet(_) if given > 0 => Message::new().text(
            "a metric of this type has no labels, use a family such as `CounterVec<N>` or a map from \
             labels to values",
        ),
        LabelShape::Any if given == 0 => {
            Message::new().text("a metric of this type has labels, name them: `labels = [\"…\"]`")
        }
        LabelShape::StateSet(states) => return check_states(states),
        LabelShape::Named(_) if given > 0 => Message::new()
            .text("the label struct of this type names its labels, remove `labels`"),
        LabelShape::Named(names) => {
            return check_label_struct(metric_name, names, own, const_labels);
        }
        LabelShape::Positional(wanted) if wanted > 0 && given == 0 => Message::new()
            .text("a metric of this type has ")
            .count(wanted, "label")
            .text(", name them: `labels = [\"…\"]`"),
        LabelShape::Positional(wanted) if wanted != given => Message::new()
            .text("a metric of this type has ")
            .count(wanted, "label")
            .text(", but `labels` names ")
            .number(given),
        _ => return,
    };
    message.panic()
}

/// Refuses an info that is not named `<subject>_info`. OpenMetrics adds `_info` to the names of its
/// samples.
#[track_caller]
const fn check_info_name(metric_name: &str, own: Option<MetricType>) {
    let is_info = matches!(own, Some(MetricType::Info));
    if is_info && (!ends_with(metric_name, "_info") || is_same(metric_name, "_info")) {
        Message::new()
            .text("info metric `")
            .text(metric_name)
            .text("` must be named `<subject>_info`")
            .panic()
    }
}

/// Refuses more states than a `StateSet` has bits.
#[track_caller]
pub(crate) const fn check_states(states: usize) {
    if states > 64 {
        Message::new()
            .text("a `StateSet` has at most 64 states, this one has ")
            .number(states)
            .panic()
    }
}

/// Refuses a label struct with a name that is also a constant label, or that the type reserves.
#[track_caller]
const fn check_label_struct(
    metric_name: &str,
    mut names: &[Cow<'static, str>],
    own: Option<MetricType>,
    const_labels: &[&str],
) {
    while let [name, rest @ ..] = names {
        let name = as_str(name);
        check_reserved_label(metric_name, own, name);
        check_escaped(NameKind::Label, "labels", name, const_labels);
        let mut constants = const_labels;
        while let [constant, rest @ ..] = constants {
            if is_same(constant, name) {
                Message::new()
                    .text("label `")
                    .text(name)
                    .text("` of the label struct is a constant label too")
                    .panic()
            }
            constants = rest;
        }
        names = rest;
    }
}

/// Refuses a label that the type itself adds to its samples.
#[track_caller]
pub const fn check_reserved_label(metric_name: &str, own: Option<MetricType>, label: &str) {
    let Some(metric_type) = own else { return };
    let reserved = match metric_type {
        MetricType::StateSet => metric_name,
        _ => match metric_type.reserved_label() {
            Some(reserved) => reserved,
            None => return,
        },
    };
    if is_same(reserved, label) {
        Message::new()
            .text("label `")
            .text(label)
            .text("` is reserved: every ")
            .text(metric_type.as_str())
            .text(" writes it itself")
            .panic()
    }
}

/// Refuses a unit on a type that has none, and a unit before `_total` on a type that is not a
/// counter.
#[track_caller]
pub const fn check_unit_taken(metric_name: &str, own: Option<MetricType>, unit: &str) {
    let Some(metric_type) = own else { return };
    if matches!(metric_type, MetricType::Info | MetricType::StateSet) {
        Message::new()
            .text("a metric of type ")
            .text(metric_type.as_str())
            .text(" has no unit, remove `unit`")
            .panic()
    }
    if !matches!(metric_type, MetricType::Counter) && !ends_with(metric_name, unit) {
        Message::new()
            .text("name `")
            .text(metric_name)
            .text("` must end in its unit: only the name of a counter has `_total` after it")
            .panic()
    }
}

/// Refuses `counter`, `gauge` or `untyped` on a metric that has a type of its own.
#[track_caller]
pub const fn check_type(own: Option<MetricType>, declared: MetricType) {
    if let Some(metric_type) = own {
        Message::new()
            .text("a metric of this type is ")
            .text(if matches!(metric_type, MetricType::Info) { "an " } else { "a " })
            .text(metric_type.as_str())
            .text(" by itself, `")
            .text(declared.as_str())
            .text("` is for plain values")
            .panic()
    }
}

/// Refuses a plain value whose name ends in `_total`, but whose attribute does not say `counter`.
#[track_caller]
pub const fn check_total(own: Option<MetricType>) {
    if own.is_none() {
        Message::new().text("a plain value whose name ends in `_total` must say `counter`").panic()
    }
}

/// Refuses `buckets` on a metric that is not a live histogram or a family of them.
#[track_caller]
pub const fn check_buckets_taken(options: Options) {
    if !options.buckets {
        Message::new()
            .text("a metric of this type has no buckets: they are for `Histogram`, `HistogramVec<N>` and `Family<L, Histogram>`")
            .panic()
    }
}

/// Refuses `native` on a metric that is not a histogram of this library.
#[track_caller]
pub const fn check_native_taken(options: Options) {
    if !options.native {
        Message::new()
            .text("a metric of this type has no native buckets: they are for `Histogram`, `HistogramVec<N>` and `Family<L, Histogram>`")
            .panic()
    }
}

/// Refuses a factor by which no bucket can be wider than the one before it.
#[track_caller]
pub const fn check_factor(factor: f64) {
    if !(factor > 1.0 && factor.is_finite()) {
        Message::new().text("invalid factor, expected a number above 1, e.g. `1.1`").panic()
    }
}

/// Refuses a zero threshold that is negative or not finite.
#[track_caller]
pub const fn check_threshold(threshold: f64) {
    if !(threshold >= 0.0 && threshold.is_finite()) {
        Message::new().text("invalid zero threshold, expected 0 or a number above it").panic()
    }
}

/// Refuses an empty list of buckets, and buckets that are not finite or do not increase strictly.
#[track_caller]
pub const fn check_buckets(mut buckets: &[f64]) {
    if buckets.is_empty() {
        Message::new()
            .text("`buckets` is empty: give a bound, or remove it for the defaults")
            .panic()
    }
    while let [bucket, rest @ ..] = buckets {
        if !bucket.is_finite() {
            Message::new().text("buckets must be finite, `+Inf` is always there").panic()
        }
        if let [next, ..] = rest
            && *next <= *bucket
        {
            Message::new().text("buckets must increase strictly").panic()
        }
        buckets = rest;
    }
}

/// Refuses a `max_series` of zero, and any on a metric that is not a `Family` of this crate.
#[track_caller]
pub const fn check_max_series(options: Options, max_series: usize) {
    if max_series == 0 {
        Message::new().text("`max_series` is zero: no series could be made").panic()
    }
    if !options.series_limits {
        takes_no("max_series").panic()
    }
}

/// Refuses an `expire_after` of zero, and any on a metric that is not a `Family` of this crate.
#[track_caller]
pub const fn check_expire_after(options: Options, expire_after: Duration) {
    if expire_after.is_zero() {
        Message::new().text("`expire_after` is zero: no series could be exposed").panic()
    }
    if !options.series_limits {
        takes_no("expire_after").panic()
    }
}

const fn takes_no(argument: &str) -> Message {
    Message::new()
        .text("a metric of this type has no `")
        .text(argument)
        .text("`: it is for `CounterVec<N>`, `GaugeVec<N>`, `HistogramVec<N>` and `Family<L, M>`")
}

/// A metric of a struct: its name, the metric type that its field determines, and the metric type
/// that its attribute sets.
pub type NamedMetric = (&'static str, Option<MetricType>, Option<MetricType>);

/// Refuses two metrics if the one with the shorter name exposes the longer name, or if OpenMetrics
/// gives both the same family name.
///
/// The derive calls this for pairs whose names differ by a suffix that can be exposed, and for
/// `x_total` with `x_created`.
#[track_caller]
pub const fn check_overlap(shorter: NamedMetric, longer: NamedMetric, suffix: &str) {
    // The derive also pairs `x_total` with `x_created`.
    let is_extended = longer.0.len() == shorter.0.len() + suffix.len();
    let exposed = match type_of(shorter) {
        MetricType::Histogram => {
            is_extended && is_one_of(suffix, &["_bucket", "_sum", "_count", "_created"])
        }
        MetricType::Summary => is_extended && is_one_of(suffix, &["_sum", "_count", "_created"]),
        // OpenMetrics has the family `x` for a counter `x_total`, and so `x_created`.
        MetricType::Counter => {
            is_same(suffix, "_created") && is_extended != ends_with(shorter.0, "_total")
        }
        _ => false,
    };
    // A counter `x_total` is the family `x` of OpenMetrics, and so is an info `x_info`.
    let is_family = match type_of(longer).suffix() {
        Some(own) => is_same(suffix, own),
        None => false,
    };
    if exposed || is_family {
        Message::new()
            .text("name `")
            .text(longer.0)
            .text("` clashes with ")
            .text(type_of(shorter).as_str())
            .text(" `")
            .text(shorter.0)
            .text(if is_family {
                "`: OpenMetrics has one family for both"
            } else {
                "`: both expose it"
            })
            .panic()
    }
}

const fn type_of((_, own, declared): NamedMetric) -> MetricType {
    metric_type(own, declared)
}

const fn ends_with(text: &str, suffix: &str) -> bool {
    match text.len().checked_sub(suffix.len()) {
        Some(at) => is_same_bytes(text.as_bytes().split_at(at).1, suffix.as_bytes()),
        None => false,
    }
}

const fn is_one_of(text: &str, mut words: &[&str]) -> bool {
    while let [word, rest @ ..] = words {
        if is_same(word, text) {
            return true;
        }
        words = rest;
    }
    false
}
