//! What the derive's expansion calls. Not part of the public interface: it changes with the derive.

pub use std::borrow::Cow;
pub use std::result::Result;
pub use std::vec::Vec;

use crate::collect::{Declaration, Declared, LabelShape};
use crate::desc::{Desc, MetricType};

mod checks;
mod live;
mod message;

pub use crate::labels::with_one;
pub use checks::*;
pub(crate) use live::is_live;
pub use live::{Live, Liveness, OfDeclared, of_declared};

/// The type that a field's own type or its attribute says; without either it is a gauge.
const fn metric_type(own: Option<MetricType>, declared: Option<MetricType>) -> MetricType {
    match (own, declared) {
        (Some(metric_type), _) | (None, Some(metric_type)) => metric_type,
        (None, None) => MetricType::Gauge,
    }
}

/// What a field declares.
#[expect(clippy::too_many_arguments, reason = "the derive writes the call")]
pub const fn declaration(
    name: &'static str,
    help: &'static str,
    (own, declared): (Option<MetricType>, Option<MetricType>),
    unit: Option<&'static str>,
    shape: LabelShape,
    labels: &'static [Cow<'static, str>],
    const_labels: &'static [(Cow<'static, str>, Cow<'static, str>)],
    (buckets, max_series): (Option<&'static [f64]>, Option<usize>),
) -> Declaration {
    let metric_type = metric_type(own, declared);
    let labels = match shape {
        LabelShape::Named(names) => names,
        _ => labels,
    };
    let desc = Desc::constant(name, help, metric_type, unit, labels, const_labels);
    Declaration::with_options(desc, buckets, max_series)
}

/// The bounds of an attribute, be they an array or a slice.
pub const fn bounds(bounds: &'static [f64]) -> &'static [f64] {
    bounds
}

/// The families of the metrics that a struct has itself.
pub fn descs(declarations: &[Declaration]) -> Vec<Desc> {
    declarations.iter().map(|declaration| declaration.desc().clone()).collect()
}

/// Adds the families of a flattened struct, as the outer one exposes them.
pub fn add_flattened(descs: &mut Vec<Desc>, flattened: Vec<Desc>, outer: Outer<'_>) {
    descs.extend(flattened.into_iter().map(|desc| within(outer, desc)));
}

/// What a struct adds to the families of a flattened field: a prefix, and constant labels.
type Outer<'o> = (&'o str, &'o [(Cow<'static, str>, Cow<'static, str>)]);

fn within((prefix, const_labels): Outer<'_>, desc: Desc) -> Desc {
    desc.with_prefix(prefix).with_outer_const_labels(const_labels)
}

/// Shows families of a flattened field as the outer struct exposes them.
pub fn visit_flattened<'v>(
    outer: Outer<'v>,
    visit: &'v mut dyn FnMut(&Desc, u64),
) -> impl FnMut(&Desc, u64) + 'v {
    move |desc, series| visit(&within(outer, desc.clone()), series)
}

/// Adds the families that a collector has beside the declared ones.
pub fn add_late(descs: &mut Vec<Desc>, collector: &impl Declared) {
    collector.late(&mut |desc, _| descs.push(desc.clone()));
}

/// What the fields of a struct declare.
pub trait Fields {
    /// One for each metric, in the order of the fields.
    const FIELDS: &'static [Declaration];
}

/// `Send` and `Sync`, as a bound that may be untrue of a type without parameters.
pub trait SendAndSync<'a>: Send + Sync {}

impl<T: Send + Sync + ?Sized> SendAndSync<'_> for T {}

/// A struct whose `new()` takes nothing.
pub trait New {
    /// The struct with every metric at its initial value.
    fn make() -> Self;
}

/// The way from a flattened struct to its initial value, see [`Declared::New`](crate::collect::Declared::New).
#[diagnostic::on_unimplemented(
    message = "`new()` cannot make a `{T}`",
    label = "its own `new()` takes parameters, or there is none",
    note = "leave `new()` out of the outer struct too, with `#[collector(no_new)]`"
)]
pub trait MakeNew<T> {
    /// The struct with every metric at its initial value.
    fn make() -> T;
}

/// [`Declared::New`](crate::collect::Declared::New) of a struct that has [`New`].
pub struct WithNew;

/// [`Declared::New`](crate::collect::Declared::New) of any other struct.
pub struct WithoutNew;

impl<T: New> MakeNew<T> for WithNew {
    fn make() -> T {
        T::make()
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
