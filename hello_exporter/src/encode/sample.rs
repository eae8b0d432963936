//! What one series is at one moment.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::SampleValue;
use super::number::RenderedBounds;
use crate::desc::MetricType;

/// What one series is at one moment: a number, a histogram or a summary, and when it was so.
///
/// Numbers and [snapshots](crate::HistogramSnapshot) become one by themselves where a
/// [`FamilyEncoder`](crate::collect::FamilyEncoder) is handed a value.
///
/// ```
/// use hello_exporter::collect::Sample;
/// use std::time::SystemTime;
///
/// let now = Sample::from(21.5);
/// let then = Sample::from(21.5).at(SystemTime::UNIX_EPOCH);
/// assert_ne!(format!("{now:?}"), format!("{then:?}"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    pub(crate) value: PointValue<'a>,
    /// In milliseconds since the Unix epoch.
    pub(crate) timestamp: Option<i64>,
    /// One for each bucket of a histogram, or a single one; or none.
    pub(crate) exemplars: &'a [Option<Arc<Exemplar>>],
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum PointValue<'a> {
    Number(SampleValue),
    Histogram(HistogramPoint<'a>),
    Summary(SummaryPoint<'a>),
}

impl<'a> Sample<'a> {
    pub(crate) fn new(value: PointValue<'a>) -> Self {
        Self { value, timestamp: None, exemplars: &[] }
    }

    /// The same at a time of its own, instead of that of the scrape.
    ///
    /// Prometheus drops what is older than what it has, and forgets a series with times of its own only
    /// after five minutes: leave this out unless the value is from elsewhere, with its time.
    #[must_use]
    pub fn at(self, time: SystemTime) -> Self {
        self.at_milliseconds(Some(unix_milliseconds(time)))
    }

    pub(crate) fn at_milliseconds(self, timestamp: Option<i64>) -> Self {
        Self { timestamp, ..self }
    }

    pub(crate) fn with_exemplars(self, exemplars: &'a [Option<Arc<Exemplar>>]) -> Self {
        Self { exemplars, ..self }
    }

    /// Returns whether a metric of this type can have this point. The value of an info is 1.
    pub(crate) fn fits(&self, metric_type: MetricType) -> bool {
        match (metric_type, &self.value) {
            (MetricType::Info, PointValue::Number(value)) => value.as_f64() == 1.0,
            (MetricType::Histogram, value) => matches!(value, PointValue::Histogram(_)),
            (MetricType::Summary, value) => matches!(value, PointValue::Summary(_)),
            (_, value) => matches!(value, PointValue::Number(_)),
        }
    }
}

impl<T: Into<SampleValue>> From<T> for Sample<'_> {
    fn from(number: T) -> Self {
        Self::new(PointValue::Number(number.into()))
    }
}

/// A histogram at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HistogramPoint<'a> {
    /// Upper bound and cumulative count; `+Inf` may be left out.
    pub(crate) buckets: &'a [(f64, u64)],
    /// How the bounds are written, where somebody knows already.
    pub(crate) rendered: Option<&'a RenderedBounds>,
    pub(crate) sum: f64,
    pub(crate) count: u64,
}

impl HistogramPoint<'_> {
    /// Whether the last bucket is the one that holds everything.
    pub(crate) fn is_closed(&self) -> bool {
        self.buckets.last().is_some_and(|&(bound, _)| bound == f64::INFINITY)
    }
}

/// A summary at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SummaryPoint<'a> {
    pub(crate) quantiles: &'a [(f64, f64)],
    pub(crate) sum: f64,
    pub(crate) count: u64,
}

/// One observation, or one increment, as an example of many.
#[derive(Debug)]
pub(crate) struct Exemplar {
    /// Its labels as they appear on the wire.
    pub(crate) block: Box<str>,
    pub(crate) value: SampleValue,
    /// In milliseconds since the Unix epoch.
    pub(crate) timestamp: i64,
}

/// Negative before 1970.
pub(crate) fn unix_milliseconds(time: SystemTime) -> i64 {
    let milliseconds =
        |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => milliseconds(after),
        Err(before) => -milliseconds(before.duration()),
    }
}
