//! A sample that owns its value.

use super::native::NativeHistogramSnapshot;
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
    /// In milliseconds since the Unix epoch.
    start_timestamp: Option<i64>,
}

#[derive(Clone, Debug)]
enum OwnedValue {
    Number(SampleValue),
    Histogram(HistogramSnapshot),
    Summary(SummarySnapshot),
    Native(NativeHistogramSnapshot),
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
            OwnedValue::Native(histogram) => Sample::from(histogram),
        };
        sample.at_milliseconds(self.timestamp).started_at_milliseconds(self.start_timestamp)
    }
}

impl From<Sample<'_>> for OwnedSample {
    #[inline]
    fn from(Sample { value, timestamp, start_timestamp, .. }: Sample<'_>) -> Self {
        let value = match value {
            PointValue::Number(number) if timestamp.is_none() && start_timestamp.is_none() => {
                return OwnedSample::Number(number);
            }
            PointValue::Number(number) => OwnedValue::Number(number),
            PointValue::Histogram(point) => match point.native {
                Some(native) => OwnedValue::Native(NativeHistogramSnapshot::copied(point, native)),
                None => OwnedValue::Histogram(point.into()),
            },
            PointValue::Summary(point) => OwnedValue::Summary(point.into()),
        };
        OwnedSample::Other(Box::new(Other { value, timestamp, start_timestamp }))
    }
}
