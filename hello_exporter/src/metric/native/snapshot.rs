//! Native histograms that another program computes.

use super::NativeBuckets;
use super::index::{COARSEST_SCHEMA, FINEST_SCHEMA, indices};
use crate::encode::{HistogramPoint, NativeScratch, PointValue, Sample};
use crate::metric::snapshot::{SnapshotError, check_buckets};

/// A native histogram at one moment, as the monitored program counts it.
///
/// ```
/// use hello_exporter::Collector;
/// use hello_exporter::metric::NativeHistogramSnapshot;
///
/// #[derive(Collector)]
/// struct Database {
///     /// Time of queries in seconds.
///     query_seconds: NativeHistogramSnapshot,
/// }
///
/// // In schema 0, bucket 1 counts values above 1 and up to 2, bucket 4 above 8 and up to 16.
/// let query_seconds = NativeHistogramSnapshot::new(0, 1e-9, 0, [(1, 20), (4, 3)], [], 65.5, 23)?;
/// let database = Database { query_seconds };
/// # let _ = database;
/// # Ok::<(), hello_exporter::metric::SnapshotError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NativeHistogramSnapshot {
    pub(super) buckets: NativeScratch,
    pub(super) sum: f64,
    /// Upper bounds and cumulative counts of classic buckets; none if there are only native ones.
    classic: Vec<(f64, u64)>,
}

impl NativeHistogramSnapshot {
    /// Makes a native histogram of the observations in the zero bucket and in all other buckets:
    /// pairs of an index and a count, which is not cumulative.
    ///
    /// In a schema `s` from -4 to 8, the positive bucket `i` counts values above
    /// 2^((i - 1) * 2^-s) and up to 2^(i * 2^-s), and the negative bucket `i` the same with the
    /// opposite sign. `zero_count` counts values from `-zero_threshold` to `zero_threshold`.
    ///
    /// # Errors
    ///
    /// Returns an error if the schema is not from -4 to 8, if the zero threshold is negative or not
    /// finite, if the indices do not increase strictly or no value can have one of them, or if
    /// `count` is not the sum of all buckets. If `sum` is NaN, `count` may be more than that:
    /// NaN is in no bucket.
    pub fn new(
        schema: i8,
        zero_threshold: f64,
        zero_count: u64,
        positive: impl IntoIterator<Item = (i32, u64)>,
        negative: impl IntoIterator<Item = (i32, u64)>,
        sum: f64,
        count: u64,
    ) -> Result<Self, SnapshotError> {
        if !(COARSEST_SCHEMA..=FINEST_SCHEMA).contains(&schema) {
            return Err(SnapshotError::Schema(schema));
        }
        if i64::try_from(count).is_err() {
            return Err(SnapshotError::Count(count));
        }
        if !(zero_threshold.is_finite() && zero_threshold >= 0.0) {
            return Err(SnapshotError::ZeroThreshold(zero_threshold));
        }
        let mut buckets = NativeScratch { zero_count, count, ..NativeScratch::default() };
        buckets.schema = schema;
        buckets.zero_threshold = zero_threshold;
        buckets.positive.counts = checked(positive, schema)?;
        buckets.negative.counts = checked(negative, schema)?;
        let sides = buckets.positive.counts.iter().chain(&buckets.negative.counts);
        let in_buckets = sides.map(|(_, count)| u128::from(*count)).sum::<u128>();
        let in_buckets = in_buckets + u128::from(zero_count);
        if in_buckets > count.into() || (in_buckets < count.into() && !sum.is_nan()) {
            return Err(SnapshotError::Observations { buckets: in_buckets, count });
        }
        Ok(Self { buckets, sum, classic: Vec::new() }.finished())
    }

    /// Makes spans and deltas of buckets that are not empty.
    fn finished(mut self) -> Self {
        for side in [false, true] {
            self.buckets.side(side).counts.retain(|(_, count)| *count > 0);
        }
        self.buckets.finish();
        self
    }

    /// Adds classic buckets, see [`HistogramSnapshot::new`](crate::HistogramSnapshot::new).
    /// Protobuf exposes both kinds; the text formats expose the classic ones.
    ///
    /// # Errors
    ///
    /// Returns an error if the bounds do not increase strictly, if a bound is NaN, or if the counts
    /// decrease from one bucket to the next or to the count of all observations.
    pub fn with_buckets(
        self,
        buckets: impl IntoIterator<Item = (f64, u64)>,
    ) -> Result<Self, SnapshotError> {
        let mut classic: Vec<(f64, u64)> = buckets.into_iter().collect();
        check_buckets(&classic, self.buckets.count)?;
        classic.pop_if(|(bound, _)| *bound == f64::INFINITY);
        Ok(Self { classic, ..self })
    }
}

impl<'a> From<&'a NativeHistogramSnapshot> for Sample<'a> {
    fn from(
        NativeHistogramSnapshot { buckets, sum, classic }: &'a NativeHistogramSnapshot,
    ) -> Self {
        Self::new(PointValue::Histogram(HistogramPoint {
            buckets: classic,
            rendered: None,
            native: Some(buckets),
            sum: *sum,
            count: buckets.count,
        }))
    }
}

impl NativeHistogramSnapshot {
    /// Copies a histogram with these native buckets.
    pub(in crate::metric) fn copied(point: HistogramPoint<'_>, native: &NativeScratch) -> Self {
        let classic = point.buckets.to_vec();
        Self { buckets: native.clone(), sum: point.sum, classic }
    }
}

/// Makes one without observations, with the schema and zero threshold of
/// [`NativeBuckets::default`].
impl Default for NativeHistogramSnapshot {
    fn default() -> Self {
        let mut buckets = NativeScratch::default();
        let NativeBuckets { schema, zero_threshold, .. } = NativeBuckets::default();
        buckets.clear(schema, zero_threshold);
        Self { buckets, sum: 0.0, classic: Vec::new() }.finished()
    }
}

/// Returns the buckets of one sign if their indices are valid.
fn checked(
    buckets: impl IntoIterator<Item = (i32, u64)>,
    schema: i8,
) -> Result<Vec<(i32, u64)>, SnapshotError> {
    let buckets: Vec<(i32, u64)> = buckets.into_iter().collect();
    let possible = indices(schema);
    let (first, last) = (*possible.start(), *possible.end());
    if let Some(&(index, _)) = buckets.iter().find(|(index, _)| !possible.contains(index)) {
        return Err(SnapshotError::Index { index, first, last });
    }
    let mut pairs = buckets.iter().zip(buckets.iter().skip(1));
    match pairs.find(|((index, _), (next, _))| index >= next) {
        Some(((index, _), (next, _))) => Err(SnapshotError::Indices { index: *index, next: *next }),
        None => Ok(buckets),
    }
}
