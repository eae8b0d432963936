//! Histograms and summaries that another program computes.

use super::native::NativeHistogramSnapshot;
use super::to_sample::ToSample;
use crate::collect::{Declaration, Init, LabelShape, Made, Metric};
use crate::desc::MetricType;
use crate::encode::{FamilyEncoder, HistogramPoint, PointValue, Sample, SampleValue, SummaryPoint};

/// A histogram at one moment, as the monitored program counts it.
///
/// ```
/// use hello_exporter::{Collector, HistogramSnapshot, testing};
///
/// #[derive(Collector)]
/// struct Database {
///     /// Time of queries in seconds.
///     query_seconds: HistogramSnapshot,
/// }
///
/// let query_seconds = HistogramSnapshot::new([(0.1, 20), (1.0, 23)], 9.5, 24)?;
/// testing::assert_exposition(
///     &Database { query_seconds },
///     r#"
///     ## HELP query_seconds Time of queries in seconds.
///     ## TYPE query_seconds histogram
///     query_seconds_bucket{le="0.1"} 20
///     query_seconds_bucket{le="1"} 23
///     query_seconds_bucket{le="+Inf"} 24
///     query_seconds_sum 9.5
///     query_seconds_count 24
///     "#,
/// );
/// # Ok::<(), hello_exporter::metric::SnapshotError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistogramSnapshot {
    buckets: Vec<(f64, u64)>,
    sum: f64,
    count: u64,
}

impl HistogramSnapshot {
    /// Makes a histogram of cumulative buckets: pairs of an upper bound and the number of
    /// observations up to it. The last bucket, `+Inf`, can be left out, because it equals `count`.
    ///
    /// # Errors
    ///
    /// Returns an error if the bounds do not increase strictly, if a bound is NaN, if the counts
    /// decrease from one bucket to the next or to `count`, or if the `+Inf` bucket differs from
    /// `count`.
    pub fn new(
        buckets: impl IntoIterator<Item = (f64, u64)>,
        sum: f64,
        count: u64,
    ) -> Result<Self, SnapshotError> {
        let mut buckets: Vec<(f64, u64)> = buckets.into_iter().collect();
        check_buckets(&buckets, count)?;
        buckets.pop_if(|(bound, _)| *bound == f64::INFINITY);
        Ok(Self { buckets, sum, count })
    }
}

/// Checks the cumulative buckets of a histogram with `count` observations.
///
/// # Errors
///
/// See [`HistogramSnapshot::new`].
pub(crate) fn check_buckets(buckets: &[(f64, u64)], count: u64) -> Result<(), SnapshotError> {
    let finite = match buckets.split_last() {
        Some((&(bound, bucket), finite)) if bound == f64::INFINITY => {
            if bucket != count {
                return Err(SnapshotError::Total { bucket, count });
            }
            finite
        }
        _ => buckets,
    };
    let next = finite.iter().skip(1).copied().chain([(f64::INFINITY, count)]);
    for ((bound, count), (next_bound, next_count)) in finite.iter().copied().zip(next) {
        // NaN is not less than anything.
        if bound.partial_cmp(&next_bound) != Some(std::cmp::Ordering::Less) {
            return Err(SnapshotError::Bounds { bound, next: next_bound });
        }
        if count > next_count {
            return Err(SnapshotError::Counts { bound: next_bound, count, next: next_count });
        }
    }
    Ok(())
}

impl From<HistogramPoint<'_>> for HistogramSnapshot {
    fn from(HistogramPoint { buckets, sum, count, .. }: HistogramPoint<'_>) -> Self {
        Self { buckets: buckets.to_vec(), sum, count }
    }
}

impl<'a> From<&'a HistogramSnapshot> for Sample<'a> {
    fn from(HistogramSnapshot { buckets, sum, count }: &'a HistogramSnapshot) -> Self {
        let point =
            HistogramPoint { buckets, rendered: None, native: None, sum: *sum, count: *count };
        Self::new(PointValue::Histogram(point))
    }
}

/// A summary at one moment, as the monitored program computes it.
///
/// ```
/// use hello_exporter::{Collector, SummarySnapshot, testing};
///
/// #[derive(Collector)]
/// struct Collections {
///     /// Pauses of garbage collections in seconds.
///     pause_seconds: SummarySnapshot,
/// }
///
/// let pause_seconds = SummarySnapshot::new([(0.5, 0.001), (1.0, 0.25)], 1.5, 40)?;
/// testing::assert_exposition(
///     &Collections { pause_seconds },
///     r#"
///     ## HELP pause_seconds Pauses of garbage collections in seconds.
///     ## TYPE pause_seconds summary
///     pause_seconds{quantile="0.5"} 0.001
///     pause_seconds{quantile="1"} 0.25
///     pause_seconds_sum 1.5
///     pause_seconds_count 40
///     "#,
/// );
/// # Ok::<(), hello_exporter::metric::SnapshotError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SummarySnapshot {
    quantiles: Vec<(f64, f64)>,
    sum: f64,
    count: u64,
}

impl SummarySnapshot {
    /// Makes a summary of quantiles, from 0 to 1, and their values.
    ///
    /// # Errors
    ///
    /// Returns an error if a quantile is not from 0 to 1, or if the quantiles do not increase
    /// strictly.
    pub fn new(
        quantiles: impl IntoIterator<Item = (f64, f64)>,
        sum: f64,
        count: u64,
    ) -> Result<Self, SnapshotError> {
        let quantiles: Vec<(f64, f64)> = quantiles.into_iter().collect();
        check_quantiles(&quantiles)?;
        Ok(Self { quantiles, sum, count })
    }

    /// Makes a summary of percentiles, from 0 to 100 and in any order, as most servers report them:
    /// 99.9 is the quantile 0.999.
    ///
    /// ```
    /// use hello_exporter::SummarySnapshot;
    ///
    /// let latency = SummarySnapshot::of_percentiles([(99.9, 0.25), (50.0, 0.001)], 1.5, 40)?;
    /// assert_eq!(latency, SummarySnapshot::new([(0.5, 0.001), (0.999, 0.25)], 1.5, 40)?);
    /// # Ok::<(), hello_exporter::metric::SnapshotError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if a percentile is not from 0 to 100, or is given twice.
    pub fn of_percentiles(
        percentiles: impl IntoIterator<Item = (f64, f64)>,
        sum: f64,
        count: u64,
    ) -> Result<Self, SnapshotError> {
        let mut quantiles: Vec<(f64, f64)> =
            percentiles.into_iter().map(|(percent, value)| (hundredth(percent), value)).collect();
        quantiles.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        Self::new(quantiles, sum, count)
    }
}

/// Checks the quantiles of a summary.
///
/// # Errors
///
/// See [`SummarySnapshot::new`].
pub(crate) fn check_quantiles(quantiles: &[(f64, f64)]) -> Result<(), SnapshotError> {
    if let Some((quantile, _)) = quantiles.iter().find(|(at, _)| !(0.0..=1.0).contains(at)) {
        return Err(SnapshotError::Quantile(*quantile));
    }
    let mut pairs = quantiles.iter().zip(quantiles.iter().skip(1));
    match pairs.find(|((at, _), (next, _))| at >= next) {
        Some(((bound, _), (next, _))) => Err(SnapshotError::Bounds { bound: *bound, next: *next }),
        None => Ok(()),
    }
}

/// Divides by 100 in decimal: 99.9 divided in binary is not quite 0.999.
fn hundredth(percent: f64) -> f64 {
    format!("{percent}e-2").parse().unwrap_or(percent / 100.0)
}

impl From<SummaryPoint<'_>> for SummarySnapshot {
    fn from(SummaryPoint { quantiles, sum, count }: SummaryPoint<'_>) -> Self {
        Self { quantiles: quantiles.to_vec(), sum, count }
    }
}

impl<'a> From<&'a SummarySnapshot> for Sample<'a> {
    fn from(SummarySnapshot { quantiles, sum, count }: &'a SummarySnapshot) -> Self {
        let point = SummaryPoint { quantiles, sum: *sum, count: *count };
        Self::new(PointValue::Summary(point))
    }
}

/// An invalid histogram or summary.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Bounds or quantiles that do not increase.
    #[error(
        "`{}` follows `{}`: bounds and quantiles must increase strictly",
        spelled(.next),
        spelled(.bound)
    )]
    Bounds {
        /// The previous bound or quantile.
        bound: f64,
        /// The next one.
        next: f64,
    },
    /// Cumulative counts that decrease.
    #[error(
        "the bucket up to `{}` counts {next} observations, the one before it {count}: cumulative counts \
         must not decrease",
        spelled(.bound)
    )]
    Counts {
        /// The bound of the bucket that counts too few.
        bound: f64,
        /// The count of the bucket before it.
        count: u64,
        /// The count of the bucket that counts too few.
        next: u64,
    },
    /// A `+Inf` bucket whose count is not that of all observations.
    #[error("the bucket up to `+Inf` counts {bucket} observations, but there are {count}")]
    Total {
        /// The count of the bucket.
        bucket: u64,
        /// The count of all observations.
        count: u64,
    },
    /// A quantile that is not from 0 to 1.
    #[error("invalid quantile `{}`, expected a number from 0 to 1", spelled(.0))]
    Quantile(f64),
    /// A schema of a native histogram that is not from -4 to 8.
    #[error("invalid schema `{0}`, expected a number from -4 to 8")]
    Schema(i8),
    /// A count that protobuf cannot express.
    #[error("invalid count `{0}`, expected at most {max}", max = i64::MAX)]
    Count(u64),
    /// A zero threshold that is negative, infinite or NaN.
    #[error("invalid zero threshold `{}`, expected a finite number of at least 0", spelled(.0))]
    ZeroThreshold(f64),
    /// A bucket of a native histogram that no value can belong to.
    #[error(
        "invalid index {index}, expected one from {first} to {last}: no value is in other buckets of \
         this schema"
    )]
    Index {
        /// The index of the bucket.
        index: i32,
        /// The index of the smallest value.
        first: i32,
        /// The index of infinity.
        last: i32,
    },
    /// Indices of buckets that do not increase.
    #[error("the bucket {next} follows the bucket {index}: indices must increase strictly")]
    Indices {
        /// The previous index.
        index: i32,
        /// The next one.
        next: i32,
    },
    /// Buckets that hold more observations than there are, or less although none of them is NaN.
    #[error(
        "the buckets hold {buckets} observations, but there are {count}: these must be equal, or \
         less if the sum is NaN"
    )]
    Observations {
        /// The observations in all buckets, the zero bucket included.
        buckets: u128,
        /// The count of all observations.
        count: u64,
    },
}

/// Spells a bound or quantile as Prometheus does: `+Inf`, not `inf`.
fn spelled(value: &f64) -> SampleValue {
    SampleValue::F64(*value)
}

macro_rules! snapshots {
    ($($type:ident: $metric_type:ident;)*) => {$(
        impl ToSample for $type {
            const TYPE: Option<MetricType> = Some(MetricType::$metric_type);
            const IS_LIVE: bool = false;

            fn sample(&self) -> Option<Sample<'_>> {
                Some(self.into())
            }
        }

        impl Metric for $type {
            const TYPE: Option<MetricType> = Some(MetricType::$metric_type);
            const LABELS: LabelShape = LabelShape::None;
            const IS_LIVE: bool = false;
            const NEVER_BLOCKS: bool = true;
            type Making = Made;

            fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
                encoder.value(self);
            }
        }

        /// Makes a snapshot without observations.
        impl Init for $type {
            fn init(_: &Declaration) -> Self {
                Self::default()
            }
        }
    )*};
}

snapshots! {
    HistogramSnapshot: Histogram;
    SummarySnapshot: Summary;
    NativeHistogramSnapshot: Histogram;
}
