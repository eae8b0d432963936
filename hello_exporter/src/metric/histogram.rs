//! Observations counted in buckets.

mod buckets;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::exemplar::{Exemplars, exemplar};
use super::guard::{Observe, Timer, sealed};
use super::native::NativeHistogram;
use super::start::StartTimestamp;
use crate::collect::{Declaration, Init, LabelShape, Made, Metric, Options};
use crate::desc::MetricType;
use crate::encode::{FamilyEncoder, SampleValue};
use crate::labels::RenderedLabels;
use crate::sync::modelled::AtomicU64;
pub use buckets::Buckets;
pub(super) use buckets::Counters;

/// The upper bounds of a histogram without `buckets`. They are the defaults of the Prometheus
/// clients, which suit the latency of a network service in seconds.
pub const DEFAULT_BUCKETS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Returns `N` upper bounds, the first at `start` and each `width` above the one before it.
///
/// ```
/// use hello_exporter::metric::linear_buckets;
/// use hello_exporter::{Collector, Histogram};
///
/// #[derive(Collector)]
/// struct Queue {
///     /// Jobs in the queue when a job arrives.
///     #[metric(buckets = linear_buckets::<4>(0.0, 25.0))]
///     queue_length: Histogram,
/// }
///
/// assert_eq!(linear_buckets(0.0, 25.0), [0.0, 25.0, 50.0, 75.0]);
/// ```
pub const fn linear_buckets<const N: usize>(start: f64, width: f64) -> [f64; N] {
    buckets(start, width, 1.0)
}

/// Returns `N` upper bounds, the first at `start` and each `factor` times the one before it.
///
/// ```
/// use hello_exporter::metric::exponential_buckets;
/// use hello_exporter::{Collector, Histogram};
///
/// #[derive(Collector)]
/// struct Replies {
///     /// Size of replies.
///     #[metric(buckets = exponential_buckets::<3>(256.0, 4.0))]
///     reply_bytes: Histogram,
/// }
///
/// assert_eq!(exponential_buckets(256.0, 4.0), [256.0, 1024.0, 4096.0]);
/// ```
pub const fn exponential_buckets<const N: usize>(start: f64, factor: f64) -> [f64; N] {
    buckets(start, 0.0, factor)
}

/// Returns `N` bounds, each `factor` times the one before it plus `width`.
#[expect(clippy::indexing_slicing, reason = "`at` is below `N`, and constants have no iterators")]
const fn buckets<const N: usize>(start: f64, width: f64, factor: f64) -> [f64; N] {
    let mut buckets = [start; N];
    let mut at = 1;
    while at < N {
        buckets[at] = buckets[at - 1] * factor + width;
        at += 1;
    }
    buckets
}

/// A [histogram](https://prometheus.io/docs/concepts/metric_types/#histogram): counts observations
/// in buckets, and sums them.
///
/// The `+Inf` bucket always exists, and need not be given.
///
/// ```
/// use hello_exporter::Histogram;
///
/// let seconds = Histogram::new(&[0.1, 1.0]);
/// seconds.observe(0.25);
/// assert_eq!((seconds.count(), seconds.sum()), (1, 0.25));
/// ```
#[derive(Debug)]
pub struct Histogram {
    buckets: Buckets,
    /// The counters without native buckets.
    words: Box<[AtomicU64]>,
    native: Option<Arc<NativeHistogram>>,
    /// A [`StartTimestamp`].
    start: AtomicU64,
    exemplars: Exemplars,
}

impl Histogram {
    /// Makes a histogram without observations, with buckets that have these upper bounds, see
    /// [`Buckets::new`], or with [`NativeBuckets`](crate::metric::NativeBuckets).
    pub fn new(buckets: impl Into<Buckets>) -> Self {
        let buckets = buckets.into();
        let layout = buckets.layout();
        Self {
            words: (0..layout.words).map(|_| AtomicU64::new(0)).collect(),
            native: layout.native.map(|native| Arc::new(native.make())),
            start: AtomicU64::new(StartTimestamp::now().to_bits()),
            exemplars: Exemplars::new(),
            buckets,
        }
    }

    /// Counts `value` in the first bucket whose upper bound is at least `value`. NaN is counted in
    /// `+Inf` and in no native bucket, and makes the sum NaN from then on.
    pub fn observe(&self, value: f64) {
        self.buckets.observe(self.counters(), value);
    }

    /// Counts `value`, and keeps the labels as the exemplar of its bucket. OpenMetrics and protobuf
    /// expose the exemplar; see
    /// [`Counter::inc_by_with_exemplar`](crate::Counter::inc_by_with_exemplar).
    ///
    /// ```
    /// use hello_exporter::Histogram;
    ///
    /// let seconds = Histogram::default();
    /// seconds.observe_with_exemplar(0.25, &[("trace_id", "0af7651916cd43dd")]);
    /// assert_eq!(seconds.count(), 1);
    /// ```
    pub fn observe_with_exemplar(&self, value: f64, labels: &[(&str, &str)]) {
        self.observe(value);
        if let Some(exemplar) = exemplar(SampleValue::F64(value), labels) {
            self.exemplars.set(b"", self.buckets.exemplar_number(value), &exemplar);
        }
    }

    /// Starts a timer that observes the elapsed seconds when it is dropped: at every exit of a
    /// function, including panics and cancelled futures.
    ///
    /// ```
    /// use hello_exporter::Histogram;
    ///
    /// let seconds = Histogram::default();
    /// {
    ///     let _timer = seconds.start_timer();
    /// }
    /// let elapsed = seconds.start_timer().stop();
    /// seconds.start_timer().discard();
    /// assert_eq!(seconds.count(), 2);
    /// assert!(seconds.sum() >= elapsed);
    /// ```
    pub fn start_timer(&self) -> Timer<&Self> {
        Timer::new(self)
    }

    /// Returns the number of observations.
    pub fn count(&self) -> u64 {
        self.buckets.count(self.counters())
    }

    /// Returns the sum of all observations.
    pub fn sum(&self) -> f64 {
        self.buckets.sum(self.counters())
    }

    #[inline]
    fn counters(&self) -> Counters<'_> {
        self.native.as_ref().map_or(Counters::Classic(&self.words), Counters::Native)
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new(Buckets::default())
    }
}

impl Metric for Histogram {
    const TYPE: Option<MetricType> = Some(MetricType::Histogram);
    const LABELS: LabelShape = LabelShape::None;
    const OPTIONS: Options = Options { buckets: true, native: true, ..Options::NONE };
    const NEVER_BLOCKS: bool = true;
    type Making = Made;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        if encoder.begin_rendered(MetricType::Histogram, std::iter::empty()) {
            let Self { buckets, start, exemplars, .. } = self;
            let start = Some(StartTimestamp::of(start));
            buckets.encode(self.counters(), start, RenderedLabels::EMPTY, exemplars, encoder);
        }
    }
}

impl sealed::Sealed for &Histogram {}

impl Observe for &Histogram {
    fn observe(&self, seconds: f64) {
        Histogram::observe(self, seconds);
    }
}

impl Init for Histogram {
    fn init(declaration: &Declaration) -> Self {
        Self::new(Buckets::declared(declaration))
    }
}
