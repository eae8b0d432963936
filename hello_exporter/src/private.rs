//! What the derive's expansion calls. Not part of the public interface: it changes with the derive.

pub use std::borrow::Cow;
pub use std::result::Result;
pub use std::vec::Vec;

use crate::collect::LabelShape;
use crate::desc::{Desc, MetricType};

mod message;

use message::Message;

/// The Desc of a field, whose own type or whose attribute says what it is.
pub const fn desc(
    name: &'static str,
    help: &'static str,
    own: Option<MetricType>,
    declared: Option<MetricType>,
    labels: &'static [Cow<'static, str>],
    const_labels: &'static [(Cow<'static, str>, Cow<'static, str>)],
) -> Desc {
    let metric_type = match (own, declared) {
        (Some(metric_type), _) | (None, Some(metric_type)) => metric_type,
        (None, None) => MetricType::Gauge,
    };
    Desc::constant(name, help, metric_type, labels, const_labels)
}

/// Refuses a number of label names that the type of the field does not take.
#[track_caller]
pub const fn check_labels(shape: LabelShape, given: usize) {
    let message = match shape {
        LabelShape::None if given > 0 => Message::new().text(
            "a metric of this type has no labels, use `CounterVec<N>`, `GaugeVec<N>` or a map from \
             labels to values",
        ),
        LabelShape::Any if given == 0 => {
            Message::new().text("a metric of this type has labels, name them: `labels = [\"…\"]`")
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

/// Keeps its argument where the `prometheus` crate is there to implement its traits.
#[cfg(feature = "prometheus")]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_prometheus {
    ($($item:tt)*) => { $($item)* };
}

/// Keeps its argument where the `prometheus` crate is there to implement its traits.
#[cfg(not(feature = "prometheus"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_prometheus {
    ($($item:tt)*) => {};
}

#[cfg(feature = "prometheus")]
pub use crate::interop::{collect_for_prometheus, describe_for_prometheus};
#[cfg(feature = "prometheus")]
pub use prometheus;
