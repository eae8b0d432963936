//! The functions and traits that the derive's expansion uses. They are no part of the public
//! interface: they change with the derive.

pub use std::borrow::Cow;
pub use std::result::Result;
pub use std::vec::Vec;

use crate::collect::{Declaration, LabelShape, MetricFacts};
use crate::desc::contract::{Bounds, Contract};
use crate::desc::{Desc, MetricType};
use crate::metric::DEFAULT_BUCKETS;

mod checks;
mod message;

pub use crate::collect::live::{Live, Liveness, OfDeclared, of_declared};
pub use crate::collect::new::{MakeNew, New, WithNew, WithoutNew};
pub use crate::desc::contract::Status;
pub use crate::labels::{ClosedValues, with_one};
pub use checks::*;

/// Returns the type of a metric: the one that the field's type determines, or else the one that the
/// attribute sets, or else gauge.
const fn metric_type(own: Option<MetricType>, declared: Option<MetricType>) -> MetricType {
    match (own, declared) {
        (Some(metric_type), _) | (None, Some(metric_type)) => metric_type,
        (None, None) => MetricType::Gauge,
    }
}

/// Returns the declaration of a field.
#[expect(clippy::too_many_arguments, reason = "the derive writes the call")]
pub const fn declaration(
    name: &'static str,
    status: Status,
    help: &'static str,
    of_type: MetricFacts,
    declared: Option<MetricType>,
    unit: Option<&'static str>,
    labels: &'static [Cow<'static, str>],
    const_labels: &'static [(Cow<'static, str>, Cow<'static, str>)],
    (buckets, max_series): (Option<&'static [f64]>, Option<usize>),
) -> Declaration {
    let metric_type = metric_type(of_type.metric_type, declared);
    let labels = match of_type.labels {
        LabelShape::Named(names) => names,
        _ => labels,
    };
    let is_histogram = matches!(metric_type, MetricType::Histogram);
    let default_buckets =
        if is_histogram && of_type.options.buckets { DEFAULT_BUCKETS } else { &[] };
    let contract = Contract {
        values: Cow::Borrowed(of_type.values),
        buckets: Bounds(match buckets {
            Some(buckets) => buckets,
            None => default_buckets,
        }),
        status,
        ..Contract::NONE
    };
    let desc = Desc::constant(name, help, metric_type, unit, labels, const_labels, contract);
    Declaration::with_options(desc, buckets, max_series)
}

/// The status of a family that neither has an old name nor will be removed.
pub const CURRENT: Status = Status::Current;

/// The status of a family with this old name.
pub const fn renamed_from(old: &'static str) -> Status {
    Status::Renamed(Cow::Borrowed(old))
}

/// The status of a family that will be removed.
pub const fn deprecated(advice: &'static str) -> Status {
    Status::Deprecated(Cow::Borrowed(advice))
}

/// Permits any UTF-8 text as the names of a declaration.
pub const fn utf8(declaration: Declaration) -> Declaration {
    declaration.utf8()
}

/// Permits any UTF-8 text as the names of families.
pub fn utf8_descs(descs: Vec<Desc>) -> Vec<Desc> {
    descs.into_iter().map(Desc::utf8).collect()
}

/// Converts the bounds of an attribute, an array or a slice, to a slice.
pub const fn bounds(bounds: &'static [f64]) -> &'static [f64] {
    bounds
}

/// Returns the families of the metrics of a struct, without those of flattened fields.
pub fn descs(declarations: &[Declaration]) -> Vec<Desc> {
    declarations.iter().map(|declaration| declaration.desc().clone()).collect()
}

/// Adds the families of a flattened struct, with the prefix and the labels of the outer struct.
pub fn add_flattened(descs: &mut Vec<Desc>, flattened: Vec<Desc>, outer: Outer<'_>) {
    let (prefix, const_labels) = outer;
    let outer = |desc: Desc| desc.with_prefix(prefix).with_outer_const_labels(const_labels);
    descs.extend(flattened.into_iter().map(outer));
}

/// The prefix and the constant labels that a struct adds to the families of a flattened field.
type Outer<'o> = (&'o str, &'o [(Cow<'static, str>, Cow<'static, str>)]);

/// The declarations of a struct.
pub trait Fields {
    /// One declaration for each metric, in the order of the fields.
    const FIELDS: &'static [Declaration];
}

/// `Send` and `Sync` as a bound that may be false. Because the trait has a lifetime, a false bound
/// on a type without parameters is not a compile error.
pub trait SendAndSync<'a>: Send + Sync {}

impl<T: Send + Sync + ?Sized> SendAndSync<'_> for T {}

/// Keeps its argument: the feature `prometheus` is on.
#[cfg(feature = "prometheus")]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_prometheus {
    ($($item:tt)*) => { $($item)* };
}

/// Drops its argument: the feature `prometheus` is off.
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
