//! The state of one series at one moment.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::SampleValue;
use super::native::NativeScratch;
use super::number::RenderedBounds;
use crate::desc::MetricType;

/// The state of one series at one moment: a number, a histogram or a summary, and optionally a
/// time.
///
/// A [`FamilyEncoder`](crate::collect::FamilyEncoder) also takes numbers and
/// [snapshots](crate::HistogramSnapshot), and converts them.
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
    /// When the series began to count, in milliseconds since the Unix epoch.
    pub(crate) start_timestamp: Option<i64>,
    /// The exemplars of a histogram's buckets, in order, or the one of a number. A missing one is
    /// `None`, or left out at the end.
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
        Self { value, timestamp: None, start_timestamp: None, exemplars: &[] }
    }

    /// Sets the sample's own timestamp, instead of the time of the scrape.
    ///
    /// Prometheus drops a sample that is older than the newest one of its series. It also keeps a
    /// series with timestamps for five minutes after its last sample. So set a timestamp only for a
    /// value from another system that reports one.
    #[must_use]
    pub fn at(self, time: SystemTime) -> Self {
        self.at_milliseconds(Some(unix_milliseconds(time)))
    }

    pub(crate) fn at_milliseconds(self, timestamp: Option<i64>) -> Self {
        Self { timestamp, ..self }
    }

    /// Sets the start timestamp: the time since which a counter, a histogram or a summary counts.
    /// Gauges and untyped metrics have none, so theirs is ignored.
    ///
    /// Protobuf exposes it, and OpenMetrics if the [encoding](crate::registry::Encoding) says so.
    /// Prometheus can then insert a zero at this time, and does not take a reset for an increase.
    #[must_use]
    pub fn started_at(self, time: SystemTime) -> Self {
        self.started_at_milliseconds(Some(unix_milliseconds(time)))
    }

    pub(crate) fn started_at_milliseconds(self, start_timestamp: Option<i64>) -> Self {
        Self { start_timestamp, ..self }
    }

    pub(crate) fn with_exemplars(self, exemplars: &'a [Option<Arc<Exemplar>>]) -> Self {
        Self { exemplars, ..self }
    }

    /// Returns whether a metric of this type can have this sample. The value of an info is 1.
    pub(crate) fn fits(&self, metric_type: MetricType) -> bool {
        match (metric_type, &self.value) {
            (MetricType::Info, PointValue::Number(value)) => value.as_f64() == 1.0,
            (MetricType::Histogram, value) => matches!(value, PointValue::Histogram(_)),
            (MetricType::Summary, value) => matches!(value, PointValue::Summary(_)),
            (_, value) => matches!(value, PointValue::Number(_)),
        }
    }
}

/// Names the kind of the value, and the value of a number, for messages.
impl fmt::Display for Sample<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            PointValue::Number(number) => write!(formatter, "the number {number}"),
            PointValue::Histogram(_) => formatter.write_str("a histogram"),
            PointValue::Summary(_) => formatter.write_str("a summary"),
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
    /// Upper bounds and cumulative counts; `+Inf` is optional.
    pub(crate) buckets: &'a [(f64, u64)],
    /// The rendered bounds, if there are any.
    pub(crate) rendered: Option<&'a RenderedBounds>,
    /// The native buckets, which have all observations.
    pub(crate) native: Option<&'a NativeScratch>,
    pub(crate) sum: f64,
    pub(crate) count: u64,
}

impl HistogramPoint<'_> {
    /// Returns whether the last bucket is `+Inf`.
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

/// An example of the observations or increments of a series.
#[derive(Debug)]
pub(crate) struct Exemplar {
    /// Its rendered labels.
    pub(crate) labels: Box<str>,
    pub(crate) value: SampleValue,
    /// In milliseconds since the Unix epoch.
    pub(crate) timestamp: i64,
}

/// Returns milliseconds since the Unix epoch, negative before 1970.
pub(crate) fn unix_milliseconds(time: SystemTime) -> i64 {
    let milliseconds = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => milliseconds(after),
        Err(before) => -milliseconds(before.duration()),
    }
}
