//! Plain data as metrics, read at every scrape.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16,
    AtomicU32, AtomicU64, AtomicUsize, Ordering,
};
use std::time::{Duration, SystemTime};

use crate::collect::{Borrowed, Declaration, FieldError, Init, LabelShape, Made, Metric, Options};
use crate::desc::{Desc, MetricType};
use crate::encode::{FamilyEncoder, Sample, SampleValue};
use crate::labels::Labels;

/// A plain value that can be the value of a sample.
///
/// Numbers are exposed as they are, `true` as 1, a [`Duration`] in seconds, a [`SystemTime`] in seconds
/// since the Unix epoch. An atomic is loaded, and `None` is no sample.
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
    label = "expected a number, a `bool`, a `Duration`, a `SystemTime`, an atomic, a snapshot, or an `Option` or a `Timestamped` of one",
    note = "a text is a label, not a value: a map has it as its key"
)]
pub trait ToSample {
    /// The type of the metric, if it follows from the value's type: `None` for a number, whose type the
    /// attribute names.
    const TYPE: Option<MetricType> = None;

    /// Whether the sample can change while the value is registered.
    #[doc(hidden)]
    const IS_LIVE: bool = true;

    /// Returns the sample to expose, if there is one.
    fn sample(&self) -> Option<Sample<'_>>;
}

/// Implements the traits of a plain value type: [`ToSample`], and those of a field.
macro_rules! plain_values {
    ($is_live:literal: $($type:ty, $initial:expr, |$value:ident| $number:expr;)*) => {$(
        impl ToSample for $type {
            const IS_LIVE: bool = $is_live;

            fn sample(&self) -> Option<Sample<'_>> {
                let $value = self;
                Some(Sample::from($number))
            }
        }

        impl Metric for $type {
            const TYPE: Option<MetricType> = None;
            const LABELS: LabelShape = LabelShape::None;
            const IS_LIVE: bool = $is_live;
            type Making = Made;

            fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
                encode_one(self, encoder);
            }
        }

        impl Init for $type {
            fn init(_: &Declaration) -> Self {
                $initial
            }
        }
    )*};
}

plain_values! {
    false:
    u8, 0, |value| *value;
    u16, 0, |value| *value;
    u32, 0, |value| *value;
    u64, 0, |value| *value;
    usize, 0, |value| *value;
    i8, 0, |value| *value;
    i16, 0, |value| *value;
    i32, 0, |value| *value;
    i64, 0, |value| *value;
    isize, 0, |value| *value;
    f32, 0.0, |value| *value;
    f64, 0.0, |value| *value;
    bool, false, |value| *value;
    Duration, Duration::ZERO, |value| value.as_secs_f64();
    SystemTime, SystemTime::UNIX_EPOCH, |value| unix_seconds(*value);
}

plain_values! {
    true:
    AtomicU8, AtomicU8::default(), |value| value.load(Ordering::Relaxed);
    AtomicU16, AtomicU16::default(), |value| value.load(Ordering::Relaxed);
    AtomicU32, AtomicU32::default(), |value| value.load(Ordering::Relaxed);
    AtomicU64, AtomicU64::default(), |value| value.load(Ordering::Relaxed);
    AtomicUsize, AtomicUsize::default(), |value| value.load(Ordering::Relaxed);
    AtomicI8, AtomicI8::default(), |value| value.load(Ordering::Relaxed);
    AtomicI16, AtomicI16::default(), |value| value.load(Ordering::Relaxed);
    AtomicI32, AtomicI32::default(), |value| value.load(Ordering::Relaxed);
    AtomicI64, AtomicI64::default(), |value| value.load(Ordering::Relaxed);
    AtomicIsize, AtomicIsize::default(), |value| value.load(Ordering::Relaxed);
    AtomicBool, AtomicBool::default(), |value| value.load(Ordering::Relaxed);
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

fn encode_one(value: &impl ToSample, encoder: &mut FamilyEncoder<'_>) {
    if let Some(point) = value.sample() {
        encoder.value(point);
    }
}

/// Returns seconds since the Unix epoch, negative before it.
pub(super) fn unix_seconds(time: SystemTime) -> f64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
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

impl<M: Metric> Metric for Option<M> {
    const TYPE: Option<MetricType> = M::TYPE;
    const LABELS: LabelShape = M::LABELS;
    const OPTIONS: Options = M::OPTIONS;
    const IS_LIVE: bool = M::IS_LIVE;
    type Making = Made;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        if let Some(metric) = self {
            metric.collect(encoder);
        }
    }

    fn verify(&self, desc: &Desc) -> Result<(), FieldError> {
        self.as_ref().map_or(Ok(()), |metric| metric.verify(desc))
    }
}

impl<M: Metric> Init for Option<M> {
    fn init(_: &Declaration) -> Self {
        None
    }
}

/// Implements [`Metric`] for a type that refers to a metric.
macro_rules! referred_metric {
    ($type:ty, $making:ty) => {
        impl<M: Metric + ?Sized> Metric for $type {
            const TYPE: Option<MetricType> = M::TYPE;
            const LABELS: LabelShape = M::LABELS;
            const OPTIONS: Options = M::OPTIONS;
            const IS_LIVE: bool = M::IS_LIVE;
            type Making = $making;

            fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
                (**self).collect(encoder);
            }

            fn verify(&self, desc: &Desc) -> Result<(), FieldError> {
                (**self).verify(desc)
            }
        }
    };
}

referred_metric!(&M, Borrowed);
referred_metric!(Arc<M>, Made);

impl<M: Init> Init for Arc<M> {
    fn init(declaration: &Declaration) -> Self {
        Arc::new(M::init(declaration))
    }
}

macro_rules! value_maps {
    ($([$($param:ident),*] $type:ty;)*) => {$(
        impl<$($param),*> Metric for $type
        where
            K: Labels,
            V: ToSample,
        {
            const TYPE: Option<MetricType> = V::TYPE;
            const LABELS: LabelShape = LabelShape::of::<K>();
            const IS_LIVE: bool = V::IS_LIVE;
            type Making = Made;

            fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
                encode_all(self.iter(), encoder);
            }
        }
    )*};
}

value_maps! {
    [K, V] BTreeMap<K, V>;
    [K, V, S] HashMap<K, V, S>;
}

impl<K: Labels, V: ToSample> Metric for Vec<(K, V)> {
    const TYPE: Option<MetricType> = V::TYPE;
    const LABELS: LabelShape = LabelShape::of::<K>();
    const IS_LIVE: bool = V::IS_LIVE;
    type Making = Made;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        encode_all(self.iter().map(|(labels, value)| (labels, value)), encoder);
    }
}

impl<K: Labels, V: ToSample> Init for Vec<(K, V)> {
    fn init(_: &Declaration) -> Self {
        Self::new()
    }
}

/// Writes the values of a map. Of two with the same labels once written, the first is kept.
fn encode_all<'v, K: Labels + 'v, V: ToSample + 'v>(
    values: impl Iterator<Item = (&'v K, &'v V)>,
    encoder: &mut FamilyEncoder<'_>,
) {
    for (labels, value) in values {
        if let Some(point) = value.sample() {
            labels.with_values(|values| encoder.sample_of(values, &point));
        }
    }
}

impl<K: Labels, V: ToSample> Init for BTreeMap<K, V> {
    fn init(_: &Declaration) -> Self {
        Self::new()
    }
}

impl<K: Labels, V: ToSample, S: Default> Init for HashMap<K, V, S> {
    fn init(_: &Declaration) -> Self {
        Self::default()
    }
}
