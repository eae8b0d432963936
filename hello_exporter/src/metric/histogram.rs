//! Observations counted in buckets.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use super::word::{self, Word};
use crate::collect::{Declaration, Init, LabelShape, Made, Metric, Options};
use crate::desc::MetricType;
use crate::encode::{FamilyEncoder, HistogramPoint, Point};
use crate::labels::LabelBlock;

/// The upper bounds of a histogram whose attribute says nothing: those of the Prometheus clients,
/// made for the seconds that a network service takes.
pub const DEFAULT_BUCKETS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A [histogram](https://prometheus.io/docs/concepts/metric_types/#histogram): counts observations in
/// buckets, and sums them.
///
/// The `+Inf` bucket is always there and need not be given.
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
    bounds: Bounds,
    words: Box<[AtomicU64]>,
}

impl Histogram {
    /// A histogram without observations, with these upper bounds; see [`Bounds::new`].
    pub fn new(bounds: impl Into<Bounds>) -> Self {
        let bounds = bounds.into();
        let words = (0..bounds.words()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, words }
    }

    /// Counts `value` in the first bucket whose bound is not below it. NaN goes to `+Inf`.
    pub fn observe(&self, value: f64) {
        self.bounds.observe(&self.words, value);
    }

    /// How many observations there were.
    pub fn count(&self) -> u64 {
        self.bounds.count(&self.words)
    }

    /// The sum of all observations.
    pub fn sum(&self) -> f64 {
        self.bounds.sum(&self.words)
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new(Bounds::default())
    }
}

impl Metric for Histogram {
    const TYPE: Option<MetricType> = Some(MetricType::Histogram);
    const LABELS: LabelShape = LabelShape::None;
    const OPTIONS: Options = Options { buckets: true, ..Options::NONE };
    type Making = Made;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        if encoder.begin_rendered(std::iter::empty()) {
            self.bounds.encode(&self.words, LabelBlock::EMPTY, encoder);
        }
    }
}

impl Init for Histogram {
    fn init(declaration: &Declaration) -> Self {
        Self::new(Bounds::declared(declaration))
    }
}

/// The upper bounds of a histogram's buckets, finite and increasing.
///
/// ```
/// use hello_exporter::Bounds;
///
/// assert_eq!(Bounds::from(&[0.1, 1.0]).as_slice(), [0.1, 1.0]);
/// assert_eq!(Bounds::new(vec![1.0, 0.1, 1.0, f64::INFINITY]).as_slice(), [0.1, 1.0]);
/// ```
#[derive(Clone, Debug)]
pub struct Bounds(Cow<'static, [f64]>);

impl Bounds {
    /// The bounds in increasing order, each once; what is not finite is left out.
    pub fn new(bounds: impl Into<Cow<'static, [f64]>>) -> Self {
        let bounds = bounds.into();
        let increases = bounds.iter().zip(bounds.iter().skip(1)).all(|(one, next)| one < next);
        if increases && bounds.iter().all(|bound| bound.is_finite()) {
            return Self(bounds);
        }
        let mut bounds: Vec<f64> =
            bounds.iter().copied().filter(|bound| bound.is_finite()).collect();
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        Self(Cow::Owned(bounds))
    }

    /// The bounds.
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }

    /// Those of what is no histogram.
    pub(super) fn none() -> Self {
        Self(Cow::Borrowed(&[]))
    }

    /// Those of an attribute, or the defaults.
    pub(super) fn declared(declaration: &Declaration) -> Self {
        declaration.buckets().map_or_else(Self::default, Self::new)
    }

    /// A counter for each bucket, one for `+Inf`, and the sum.
    pub(super) fn words(&self) -> usize {
        self.0.len() + 2
    }

    pub(super) fn observe(&self, words: &[AtomicU64], value: f64) {
        // NaN is not below any bound, and belongs in the last bucket.
        let bucket = self.0.partition_point(|bound| value > *bound || value.is_nan());
        if let (Some(bucket), Some(sum)) = (words.get(bucket), words.last()) {
            f64::add(sum, value);
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn count(&self, words: &[AtomicU64]) -> u64 {
        self.counters(words).map(|(_, counter)| word::load::<u64>(counter)).sum()
    }

    pub(super) fn sum(&self, words: &[AtomicU64]) -> f64 {
        words.last().map_or(0.0, word::load)
    }

    /// Writes one series. The count is that of the last bucket, so that the two never differ.
    pub(super) fn encode(
        &self,
        words: &[AtomicU64],
        block: LabelBlock<'_>,
        encoder: &mut FamilyEncoder<'_>,
    ) {
        let sum = self.sum(words);
        encoder.with_buckets(|encoder, buckets| {
            let mut count = 0;
            for (bound, counter) in self.counters(words) {
                count += word::load::<u64>(counter);
                buckets.push((bound, count));
            }
            let point = HistogramPoint { buckets, sum, count };
            encoder.rendered(block, Point::Histogram(point));
        });
    }

    /// Each bucket's bound and counter, that of `+Inf` last.
    fn counters<'w>(&self, words: &'w [AtomicU64]) -> impl Iterator<Item = (f64, &'w AtomicU64)> {
        self.0.iter().copied().chain([f64::INFINITY]).zip(words)
    }
}

/// [`DEFAULT_BUCKETS`].
impl Default for Bounds {
    fn default() -> Self {
        Self(Cow::Borrowed(DEFAULT_BUCKETS))
    }
}

impl From<&'static [f64]> for Bounds {
    fn from(bounds: &'static [f64]) -> Self {
        Self::new(bounds)
    }
}

impl<const N: usize> From<&'static [f64; N]> for Bounds {
    fn from(bounds: &'static [f64; N]) -> Self {
        Self::new(bounds.as_slice())
    }
}

impl From<Vec<f64>> for Bounds {
    fn from(bounds: Vec<f64>) -> Self {
        Self::new(bounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observations_fall_into_the_first_bucket_that_holds_them() {
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
