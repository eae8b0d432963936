//! A sample that owns its value.

use super::snapshot::{HistogramSnapshot, SummarySnapshot};
use crate::encode::{PointValue, Sample, SampleValue};

/// A [`Sample`] without borrowed parts. A plain number is small and needs no allocation, because a
/// scrape can have many.
#[derive(Clone, Debug)]
pub(super) enum OwnedSample {
    Number(SampleValue),
    Other(Box<Other>),
}

/// A sample that is more than a number.
#[derive(Clone, Debug)]
pub(super) struct Other {
    value: OwnedValue,
    /// In milliseconds since the Unix epoch.
    timestamp: Option<i64>,
}

#[derive(Clone, Debug)]
enum OwnedValue {
    Number(SampleValue),
    Histogram(HistogramSnapshot),
    Summary(SummarySnapshot),
}

impl OwnedSample {
    #[inline]
    pub(super) fn as_sample(&self) -> Sample<'_> {
        match self {
            OwnedSample::Number(number) => Sample::from(*number),
            OwnedSample::Other(other) => other.as_sample(),
        }
    }
}

impl Other {
    fn as_sample(&self) -> Sample<'_> {
        let sample = match &self.value {
            OwnedValue::Number(number) => Sample::from(*number),
            OwnedValue::Histogram(histogram) => Sample::from(histogram),
            OwnedValue::Summary(summary) => Sample::from(summary),
        };
        sample.at_milliseconds(self.timestamp)
    }
}

impl From<Sample<'_>> for OwnedSample {
    #[inline]
    fn from(Sample { value, timestamp, .. }: Sample<'_>) -> Self {
        let value = match (value, timestamp) {
            (PointValue::Number(number), None) => return OwnedSample::Number(number),
            (PointValue::Number(number), Some(_)) => OwnedValue::Number(number),
            (PointValue::Histogram(point), _) => OwnedValue::Histogram(point.into()),
            (PointValue::Summary(point), _) => OwnedValue::Summary(point.into()),
        };
        OwnedSample::Other(Box::new(Other { value, timestamp }))
    }
}
