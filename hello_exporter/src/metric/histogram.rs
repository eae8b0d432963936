//! Observations counted in buckets.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use super::exemplar::{Exemplars, exemplar};
use super::guard::{Observe, Timer, sealed};
use super::word::{self, Word};
use crate::collect::{Declaration, Init, LabelShape, Made, Metric, Options};
use crate::desc::MetricType;
use crate::encode::{
    FamilyEncoder, HistogramPoint, PointValue, RenderedBounds, Sample, SampleValue,
};
use crate::labels::RenderedLabels;

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
    words: Box<[AtomicU64]>,
    exemplars: Exemplars,
}

impl Histogram {
    /// Makes a histogram without observations, with these upper bounds; see [`Buckets::new`].
    pub fn new(buckets: impl Into<Buckets>) -> Self {
        let buckets = buckets.into();
        let words = (0..buckets.words()).map(|_| AtomicU64::new(0)).collect();
        Self { buckets, words, exemplars: Exemplars::new() }
    }

    /// Counts `value` in the first bucket whose upper bound is at least `value`. NaN is counted in
    /// `+Inf`, and makes the sum NaN from then on.
    pub fn observe(&self, value: f64) {
        self.buckets.observe(&self.words, value);
    }

    /// Counts `value`, and keeps the labels as the exemplar of its bucket. OpenMetrics exposes the
    /// exemplar; see [`Counter::inc_by_with_exemplar`](crate::Counter::inc_by_with_exemplar).
    ///
    /// ```
    /// use hello_exporter::Histogram;
    ///
    /// let seconds = Histogram::default();
    /// seconds.observe_with_exemplar(0.25, &[("trace_id", "0af7651916cd43dd")]);
    /// assert_eq!(seconds.count(), 1);
    /// ```
    pub fn observe_with_exemplar(&self, value: f64, labels: &[(&str, &str)]) {
        let bucket = self.buckets.observe(&self.words, value);
        if let Some(exemplar) = exemplar(SampleValue::F64(value), labels) {
            self.exemplars.set(b"", bucket, &exemplar);
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
        self.buckets.count(&self.words)
    }

    /// Returns the sum of all observations.
    pub fn sum(&self) -> f64 {
        self.buckets.sum(&self.words)
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
    const OPTIONS: Options = Options { buckets: true, ..Options::NONE };
    type Making = Made;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        if encoder.begin_rendered(MetricType::Histogram, std::iter::empty()) {
            let Self { buckets, words, exemplars } = self;
            buckets.encode(words, RenderedLabels::EMPTY, exemplars, encoder);
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

/// The buckets of a histogram: their upper bounds, finite and increasing.
///
/// ```
/// use hello_exporter::metric::Buckets;
///
/// assert_eq!(Buckets::from(&[0.1, 1.0]).as_slice(), [0.1, 1.0]);
/// assert_eq!(Buckets::new(vec![1.0, 0.1, 1.0, f64::INFINITY]).as_slice(), [0.1, 1.0]);
/// ```
#[derive(Clone, Debug)]
pub struct Buckets {
    bounds: Cow<'static, [f64]>,
    rendered: RenderedBounds,
}

impl Buckets {
    /// Sorts the bounds, and drops repeated and non-finite ones.
    pub fn new(bounds: impl Into<Cow<'static, [f64]>>) -> Self {
        let bounds = bounds.into();
        let increases = bounds.iter().zip(bounds.iter().skip(1)).all(|(one, next)| one < next);
        if increases && bounds.iter().all(|bound| bound.is_finite()) {
            return Self::rendered(bounds);
        }
        let mut bounds: Vec<f64> =
            bounds.iter().copied().filter(|bound| bound.is_finite()).collect();
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        Self::rendered(Cow::Owned(bounds))
    }

    fn rendered(bounds: Cow<'static, [f64]>) -> Self {
        Self { rendered: RenderedBounds::new(&bounds), bounds }
    }

    /// Returns the bounds.
    pub fn as_slice(&self) -> &[f64] {
        &self.bounds
    }

    /// Returns no buckets, for a metric that is not a histogram.
    pub(super) fn none() -> Self {
        Self { bounds: Cow::Borrowed(&[]), rendered: RenderedBounds::default() }
    }

    /// Returns the buckets of an attribute, or the defaults.
    pub(super) fn declared(declaration: &Declaration) -> Self {
        declaration.buckets().map_or_else(Self::default, Self::new)
    }

    /// Returns the number of words: a counter for each bucket, one for `+Inf`, and the sum.
    pub(super) fn words(&self) -> usize {
        self.bounds.len() + 2
    }

    /// Counts an observation, and returns its bucket.
    #[inline]
    pub(super) fn observe(&self, words: &[AtomicU64], value: f64) -> usize {
        let position = self.position(value);
        if let (Some(bucket), Some(sum)) = (words.get(position), words.last()) {
            f64::add(sum, value);
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        position
    }

    /// Returns the bucket of a value: the number of bounds below it. NaN is in the last bucket.
    ///
    /// For few bounds, counting is faster than searching, because it has no branches to mispredict.
    #[inline]
    fn position(&self, value: f64) -> usize {
        const FEW: usize = 64;

        let is_below = |bound: &f64| value <= *bound;
        if self.bounds.len() <= FEW {
            self.bounds.iter().map(|bound| usize::from(!is_below(bound))).sum()
        } else {
            self.bounds.partition_point(|bound| !is_below(bound))
        }
    }

    pub(super) fn count(&self, words: &[AtomicU64]) -> u64 {
        self.counters(words).map(|(_, counter)| word::load::<u64>(counter)).sum()
    }

    pub(super) fn sum(&self, words: &[AtomicU64]) -> f64 {
        words.last().map_or(0.0, word::load)
    }

    /// Writes one series. Its count is the last bucket's, so that the two never differ.
    pub(super) fn encode(
        &self,
        words: &[AtomicU64],
        labels: RenderedLabels<'_>,
        exemplars: &Exemplars,
        encoder: &mut FamilyEncoder<'_>,
    ) {
        let sum = self.sum(words);
        encoder.with_scratch(|encoder, scratch| {
            exemplars.read(labels, encoder, scratch);
            let count = self.accumulate(words, &mut scratch.buckets);
            let rendered = Some(&self.rendered);
            let point = HistogramPoint { buckets: &scratch.buckets, rendered, sum, count };
            let sample = Sample::new(PointValue::Histogram(point));
            encoder.rendered(labels, &sample.with_exemplars(&scratch.exemplars));
        });
    }

    /// Fills `buckets` with cumulative counts, and returns the count of all observations.
    fn accumulate(&self, words: &[AtomicU64], buckets: &mut Vec<(f64, u64)>) -> u64 {
        buckets.clear();
        let mut count = 0;
        buckets.extend(self.counters(words).map(|(bound, counter)| {
            count += word::load::<u64>(counter);
            (bound, count)
        }));
        count
    }

    /// Iterates over each bucket's bound and counter, `+Inf` last.
    fn counters<'w>(&self, words: &'w [AtomicU64]) -> impl Iterator<Item = (f64, &'w AtomicU64)> {
        self.bounds.iter().copied().chain([f64::INFINITY]).zip(words)
    }
}

/// [`DEFAULT_BUCKETS`].
impl Default for Buckets {
    fn default() -> Self {
        Self::new(DEFAULT_BUCKETS)
    }
}

impl From<&'static [f64]> for Buckets {
    fn from(bounds: &'static [f64]) -> Self {
        Self::new(bounds)
    }
}

impl<const N: usize> From<&'static [f64; N]> for Buckets {
    fn from(bounds: &'static [f64; N]) -> Self {
        Self::new(bounds.as_slice())
    }
}

impl From<Vec<f64>> for Buckets {
    fn from(bounds: Vec<f64>) -> Self {
        Self::new(bounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observations_are_counted_in_the_first_matching_bucket() {
        let histogram = Histogram::new(&[-1.0, 0.0, 1.0]);
        for value in [f64::NEG_INFINITY, -1.0, -0.5, 0.0, 1.0, 1.5, f64::INFINITY, f64::NAN] {
            histogram.observe(value);
        }
        let counts: Vec<u64> = histogram.words.iter().take(4).map(word::load).collect();
        assert_eq!(counts, [2, 2, 1, 3]);
        assert_eq!(histogram.count(), 8);
        assert!(histogram.sum().is_nan());
    }
}
