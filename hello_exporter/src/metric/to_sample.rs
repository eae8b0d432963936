//! Values that can be the value of a sample.

use std::sync::Arc;

use crate::desc::MetricType;
use crate::encode::{Sample, SampleValue};

/// A plain value that can be the value of a sample.
///
/// Numbers are exposed as they are, `true` as 1, a [`Duration`](std::time::Duration) in seconds, a
/// [`SystemTime`](std::time::SystemTime) in seconds since the Unix epoch. An atomic is loaded.
/// `None` exposes nothing.
///
/// ```
/// use hello_exporter::collect::{Sample, ToSample};
/// use hello_exporter::Collector;
/// use std::collections::BTreeMap;
///
/// struct Celsius(f64);
///
/// impl ToSample for Celsius {
///     fn sample(&self) -> Option<Sample<'_>> {
///         Some(self.0.into())
///     }
/// }
///
/// #[derive(Collector)]
/// struct Rooms {
///     /// Temperature of a room.
///     #[metric(labels = ["room"])]
///     celsius: BTreeMap<String, Celsius>,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of a sample",
    label = "expected a number, a `bool`, a `Duration`, a `SystemTime`, an atomic, a snapshot, or an `Option`, a `Timestamped` or a `Started` of one",
    note = "a text is a label, not a value: a map has it as its key"
)]
pub trait ToSample {
    /// The type of the metric, if the value's type determines it. `None` for a number: the field's
    /// attribute sets the type.
    const TYPE: Option<MetricType> = None;

    /// Whether the sample can change while the value is registered.
    #[doc(hidden)]
    const IS_LIVE: bool = true;

    /// Returns the sample to expose, if there is one.
    fn sample(&self) -> Option<Sample<'_>>;
}

impl ToSample for SampleValue {
    const IS_LIVE: bool = false;

    fn sample(&self) -> Option<Sample<'_>> {
        Some((*self).into())
    }
}

impl ToSample for Sample<'_> {
    const IS_LIVE: bool = false;

    fn sample(&self) -> Option<Sample<'_>> {
        Some(*self)
    }
}

impl<V: ToSample> ToSample for Option<V> {
    const TYPE: Option<MetricType> = V::TYPE;
    const IS_LIVE: bool = V::IS_LIVE;

    fn sample(&self) -> Option<Sample<'_>> {
        self.as_ref().and_then(V::sample)
    }
}

impl<V: ToSample + ?Sized> ToSample for &V {
    const TYPE: Option<MetricType> = V::TYPE;
    const IS_LIVE: bool = V::IS_LIVE;

    fn sample(&self) -> Option<Sample<'_>> {
        (**self).sample()
    }
}

impl<V: ToSample + ?Sized> ToSample for Arc<V> {
    const TYPE: Option<MetricType> = V::TYPE;
    const IS_LIVE: bool = V::IS_LIVE;

    fn sample(&self) -> Option<Sample<'_>> {
        (**self).sample()
    }
}
