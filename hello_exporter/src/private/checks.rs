//! The rules of a declaration that depend on the type of its field.
//!
//! The derive calls each in a constant, with the span of what is wrong: where one panics, compilation
//! ends with its message, there. Registration checks again what can be wrong at run time.

use std::borrow::Cow;

use super::message::Message;
use super::metric_type;
use crate::collect::{LabelShape, Options};
use crate::desc::MetricType;
use crate::name::{as_str, is_same};

/// Refuses a number of label names that the type of the field does not take, and a label struct that
/// does not go with the rest of the declaration.
#[track_caller]
pub const fn check_labels(
    shape: LabelShape,
    own: Option<MetricType>,
    given: usize,
    const_labels: &[&str],
) {
    let message = match shape {
        LabelShape::None if given > 0 => Message::new().text(
            "a metric of this type has no labels, use a family such as `CounterVec<N>` or a map from \
             labels to values",
        ),
        LabelShape::Any if given == 0 => {
            Message::new().text("a metric of this type has labels, name them: `labels = [\"…\"]`")
        }
        LabelShape::Named(_) if given > 0 => Message::new()
            .text("the label struct of this type names its labels, remove `labels`"),
        LabelShape::Named(names) => return check_label_struct(names, own, const_labels),
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

/// Refuses a label struct one of whose names is a constant label as well, or reserved by the type.
#[track_caller]
const fn check_label_struct(
    mut names: &[Cow<'static, str>],
    own: Option<MetricType>,
    const_labels: &[&str],
) {
    while let [name, rest @ ..] = names {
        let name = as_str(name);
        check_reserved_label(own, name);
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

/// Refuses a label that the samples of the type carry by themselves.
#[track_caller]
pub const fn check_reserved_label(own: Option<MetricType>, label: &str) {
    if let Some(metric_type) = own
        && let Some(reserved) = metric_type.reserved_label()
        && is_same(reserved, label)
    {
        Message::new()
            .text("label `")
            .text(label)
            .text("` is reserved: every ")
            .text(metric_type.as_str())
            .text(" writes it itself")
            .panic()
    }
}

/// Refuses `counter`, `gauge` or `untyped` on a metric that has a type of its own.
#[track_caller]
pub const fn check_type(own: Option<MetricType>, declared: MetricType) {
    if let Some(metric_type) = own {
        Message::new()
            .text("a metric of this type is a ")
            .text(metric_type.as_str())
            .text(" by itself, `")
            .text(declared.as_str())
            .text("` is for plain values")
            .panic()
    }
}

/// Refuses a plain value that is called a counter by its name only.
#[track_caller]
pub const fn check_total(own: Option<MetricType>) {
    if own.is_none() {
        Message::new().text("a plain value whose name ends in `_total` must say `counter`").panic()
    }
}

/// Refuses `buckets` on what is no histogram.
#[track_caller]
pub const fn check_buckets_taken(options: Options) {
    if !options.buckets {
        Message::new()
            .text("a metric of this type has no buckets, `Histogram` and `HistogramVec<N>` have")
            .panic()
    }
}

/// Refuses buckets that are not finite or do not increase.
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

/// Refuses `max_series` on what does not keep series.
#[track_caller]
pub const fn check_max_series(options: Options, max_series: usize) {
    if max_series == 0 {
        Message::new().text("`max_series` is zero: no series could be made").panic()
    }
    if !options.max_series {
        Message::new()
            .text("a metric of this type cannot hold to `max_series`, `CounterVec<N>`, `GaugeVec<N>`, ")
            .text("`HistogramVec<N>` and `Family<L, M>` can")
            .panic()
    }
}

/// A metric of a struct: its name, the type that its field has, and the type that its attribute says.
pub type Named = (&'static str, Option<MetricType>, Option<MetricType>);

/// Refuses two names of which the longer is one that the shorter metric, or OpenMetrics, writes.
///
/// The derive asks for the pairs whose names differ by such a suffix.
#[track_caller]
pub const fn check_overlap(shorter: Named, longer: Named, suffix: &str) {
    let exposed = match type_of(shorter) {
        MetricType::Histogram => is_one_of(suffix, &["_bucket", "_sum", "_count", "_created"]),
        MetricType::Summary => is_one_of(suffix, &["_sum", "_count", "_created"]),
        MetricType::Counter => is_same(suffix, "_created"),
        _ => false,
    };
    // A counter `x_total` is the family `x` of OpenMetrics.
    let is_family = is_same(suffix, "_total") && matches!(type_of(longer), MetricType::Counter);
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

const fn type_of((_, own, declared): Named) -> MetricType {
    metric_type(own, declared)
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
