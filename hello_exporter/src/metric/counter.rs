//! Values that only go up.

use std::marker::PhantomData;
use std::sync::atomic::AtomicU64;

use super::word::{self, CounterValue};
use crate::collect::{Declaration, Init, LabelShape, Made, Metric};
use crate::desc::MetricType;
use crate::encode::{FamilyEncoder, Point};

/// A [counter](https://prometheus.io/docs/concepts/metric_types/#counter): it only goes up, and
/// starts at zero.
///
/// It counts in `u64`; `Counter<f64>` is for seconds and other quantities that come in fractions.
///
/// ```
/// use hello_exporter::Counter;
///
/// let requests = Counter::new();
/// requests.inc();
/// requests.inc_by(2);
/// assert_eq!(requests.get(), 3);
/// ```
#[derive(Debug, Default)]
pub struct Counter<T = u64> {
    word: AtomicU64,
    value: PhantomData<T>,
}

impl Counter {
    /// A counter at zero, of `u64`.
    pub const fn new() -> Self {
        Self { word: AtomicU64::new(0), value: PhantomData }
    }
}

impl<T: CounterValue> Counter<T> {
    /// Adds one.
    pub fn inc(&self) {
        self.inc_by(T::ONE);
    }

    /// Adds `amount`. A counter cannot go down: an amount that is negative, infinite or NaN is
    /// ignored.
    pub fn inc_by(&self, amount: T) {
        increase(&self.word, amount);
    }

    /// The current value.
    pub fn get(&self) -> T {
        word::load(&self.word)
    }
}

/// Adds to the word of a counter, wherever it is stored.
pub(super) fn increase<T: CounterValue>(word: &AtomicU64, amount: T) {
    if amount.is_increment() {
        T::add(word, amount);
    }
}

impl<T: CounterValue> Metric for Counter<T> {
    const TYPE: Option<MetricType> = Some(MetricType::Counter);
    const LABELS: LabelShape = LabelShape::None;
    type Making = Made;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        encoder.only(Point::number(self.get()));
    }
}

impl<T: CounterValue> Init for Counter<T> {
    fn init(_: &Declaration) -> Self {
        // The bits of zero are zero in every type of `Word`.
        Self { word: AtomicU64::new(0), value: PhantomData }
    }
}
