//! Values that only go up.

use std::marker::PhantomData;

use super::exemplar::{Exemplars, exemplar};
use super::start::StartTimestamp;
use super::word::{self, CounterValue};
use crate::collect::{Declaration, Init, LabelShape, Made, Metric};
use crate::desc::MetricType;
use crate::encode::{FamilyEncoder, Sample};
use crate::labels::RenderedLabels;
use crate::sync::modelled::{AtomicU64, zero_word};

/// A [counter](https://prometheus.io/docs/concepts/metric_types/#counter): a value that starts at
/// zero and only goes up.
///
/// It counts in `u64`; `Counter<f64>` is for seconds and other quantities with fractions.
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
    start: StartTimestamp,
    exemplars: Exemplars,
    value: PhantomData<T>,
}

impl Counter {
    /// Makes a counter of `u64` at zero. Other counters are made by [`Default`].
    ///
    /// A constant does not know the time, so the start timestamp is the time when the process made
    /// its first registry or metric. A counter that `Default` makes starts at the current time.
    pub const fn new() -> Self {
        Self {
            word: zero_word(),
            start: StartTimestamp::FIRST_USE,
            exemplars: Exemplars::new(),
            value: PhantomData,
        }
    }
}

impl<T: CounterValue> Counter<T> {
    /// Adds one.
    pub fn inc(&self) {
        self.inc_by(T::ONE);
    }

    /// Adds `amount`. A counter cannot go down: an amount that is negative, infinite or NaN is
    /// ignored.
    pub fn inc_by(&self, amount: T /* fractions need a `Counter<f64>` */) {
        if amount.is_increment() {
            T::add(&self.word, amount);
        }
    }

    /// Adds `amount`, and keeps the labels as an exemplar, e.g. the trace of a request. Protobuf
    /// exposes it, and OpenMetrics if the counter's name ends in `_total`.
    ///
    /// The labels have at most 128 characters in all, including names. If they are longer or
    /// invalid, or if there are none, the amount is added and the previous exemplar stays.
    ///
    /// ```
    /// use hello_exporter::Counter;
    ///
    /// let requests = Counter::new();
    /// requests.inc_by_with_exemplar(1, &[("trace_id", "0af7651916cd43dd")]);
    /// assert_eq!(requests.get(), 1);
    /// ```
    pub fn inc_by_with_exemplar(&self, amount: T, labels: &[(&str, &str)]) {
        if !amount.is_increment() {
            return;
        }
        T::add(&self.word, amount);
        if let Some(exemplar) = exemplar(amount.into(), labels) {
            self.exemplars.set(b"", 0, &exemplar);
        }
    }

    /// Returns the current value.
    pub fn get(&self) -> T {
        word::load(&self.word)
    }
}

impl<T: CounterValue> Metric for Counter<T> {
    const TYPE: Option<MetricType> = Some(MetricType::Counter);
    const LABELS: LabelShape = LabelShape::None;
    const NEVER_BLOCKS: bool = true;
    type Making = Made;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        if encoder.begin_rendered(MetricType::Counter, std::iter::empty()) {
            let sample = Sample::from(self.get().into());
            let sample =
                sample.started_at_milliseconds(encoder.live_start(self.start.milliseconds()));
            self.exemplars.encode(RenderedLabels::EMPTY, sample, encoder);
        }
    }
}

impl<T: CounterValue> Init for Counter<T> {
    fn init(_: &Declaration) -> Self {
        // Zero bits are zero in every `CounterValue`.
        Self {
            word: AtomicU64::new(0),
            start: StartTimestamp::now(),
            exemplars: Exemplars::new(),
            value: PhantomData,
        }
    }
}
