//! Plain data as metrics, read at every scrape.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16,
    AtomicU32, AtomicU64, AtomicUsize, Ordering,
};
use std::time::{Duration, SystemTime};

use super::to_sample::ToSample;
use crate::collect::{Borrowed, Declaration, FieldError, Init, LabelShape, Made, Metric, Options};
use crate::desc::{Desc, MetricType};
use crate::encode::{FamilyEncoder, Sample};
use crate::labels::{ClosedValues, Labels};

/// Implements the traits of a plain value type: [`ToSample`], and the traits of a field.
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
            const NEVER_BLOCKS: bool = true;
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

fn encode_one(value: &impl ToSample, encoder: &mut FamilyEncoder<'_>) {
    if let Some(sample) = value.sample() {
        encoder.value(sample);
    }
}

/// Returns seconds since the Unix epoch, negative before it.
pub(super) fn unix_seconds(time: SystemTime) -> f64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

impl<M: Metric> Metric for Option<M> {
    const TYPE: Option<MetricType> = M::TYPE;
    const LABELS: LabelShape = M::LABELS;
    const VALUES: &'static [ClosedValues] = M::VALUES;
    const OPTIONS: Options = M::OPTIONS;
    const IS_LIVE: bool = M::IS_LIVE;
    const NEVER_BLOCKS: bool = M::NEVER_BLOCKS;
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
            const VALUES: &'static [ClosedValues] = M::VALUES;
            const OPTIONS: Options = M::OPTIONS;
            const IS_LIVE: bool = M::IS_LIVE;
            const NEVER_BLOCKS: bool = M::NEVER_BLOCKS;
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
            const VALUES: &'static [ClosedValues] = K::VALUES;
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
    const VALUES: &'static [ClosedValues] = K::VALUES;
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

/// Writes the values of a map. If two keys give the same labels, the encoder keeps the first.
fn encode_all<'v, K: Labels + 'v, V: ToSample + 'v>(
    values: impl Iterator<Item = (&'v K, &'v V)>,
    encoder: &mut FamilyEncoder<'_>,
) {
    for (labels, value) in values {
        if let Some(sample) = value.sample() {
            labels.with_values(|values| encoder.sample_of(values, &sample));
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
