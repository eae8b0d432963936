//! A sample that owns its value.

use super::snapshot::{HistogramSnapshot, SummarySnapshot};
use crate::encode::{PointValue, Sample, SampleValue};

/// A [`Sample`] without borrowed parts. A number takes no allocation.
#[derive(Clone, Debug)]
pub(super) struct OwnedSample {
    value: OwnedValue,
    /// In milliseconds since the Unix epoch.
    timestamp: Option<i64>,
}

#[derive(Clone, Debug)]
enum OwnedValue {
    Number(SampleValue),
    Histogram(Box<HistogramSnapshot>),
    Summary(Box<SummarySnapshot>),
}

impl OwnedSample {
    pub(super) fn as_sample(&self) -> Sample<'_> {
        let sample = match &self.value {
            OwnedValue::Number(number) => Sample::from(*number),
            OwnedValue::Histogram(histogram) => Sample::from(&**histogram),
            OwnedValue::Summary(summary) => Sample::from(&**summary),
        };
        sample.at_milliseconds(self.timestamp)
    }
}

impl From<Sample<'_>> for OwnedSample {
    #[inline]
    fn from(Sample { value, timestamp, .. }: Sample<'_>) -> Self {
        let value = match value {
            PointValue::Number(number) => OwnedValue::Number(number),
            PointValue::Histogram(point) => OwnedValue::Histogram(Box::new(point.into())),
            PointValue::Summary(point) => OwnedValue::Summary(Box::new(point.into())),
        };
        Self { value, timestamp }
    }
}
