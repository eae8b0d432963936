//! Values with a time: their own timestamp, or the time since which they count.

use std::time::SystemTime;

use super::to_sample::ToSample;
use crate::collect::{Declaration, Init, LabelShape, Made, Metric};
use crate::desc::MetricType;
use crate::encode::{FamilyEncoder, Sample};

/// A value with its own timestamp, instead of the time of the scrape.
///
/// Read [`Sample::at`] before you use it.
///
/// ```
/// use hello_exporter::{Collector, Timestamped, testing};
/// use std::time::{Duration, SystemTime};
///
/// #[derive(Collector)]
/// struct Station {
///     /// Temperature as the station reported it.
///     celsius: Timestamped<f64>,
/// }
///
/// let reported = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_500);
/// testing::assert_exposition(
///     &Station { celsius: Timestamped::new(21.5, reported) },
///     "
///     ## HELP celsius Temperature as the station reported it.
///     ## TYPE celsius gauge
///     celsius 21.5 1700000000500
///     ",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timestamped<T> {
    value: T,
    /// `None` for the time of the scrape.
    time: Option<SystemTime>,
}

impl<T> Timestamped<T> {
    /// Makes a value with this time.
    pub const fn new(value: T, time: SystemTime) -> Self {
        Self { value, time: Some(time) }
    }
}

/// A counter, a histogram or a summary that another program counts, and the time since which it
/// counts, its start timestamp.
///
/// A number with a start timestamp is a counter, without `counter` in its attribute.
///
/// ```
/// use hello_exporter::registry::Encoding;
/// use hello_exporter::{Collector, Format, Registry, Started};
/// use std::time::{Duration, SystemTime};
///
/// #[derive(Collector)]
/// struct Database {
///     /// Queries since the database started.
///     queries_total: Started<u64>,
/// }
///
/// let start = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_500);
/// let registry = Registry::new();
/// registry.register_fn(move || Database { queries_total: Started::new(24, start) })?;
/// let mut buffer = Vec::new();
/// registry.encode(Encoding::new(Format::OpenMetrics).created_samples(true), &mut buffer);
/// assert_eq!(
///     String::from_utf8_lossy(&buffer),
///     "# HELP queries Queries since the database started.\n# TYPE queries counter\n\
///      queries_total 24\nqueries_created 1700000000.500\n# EOF\n",
/// );
/// # Ok::<(), hello_exporter::RegisterError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Started<T> {
    value: T,
    /// `None` if it is unknown.
    start: Option<SystemTime>,
}

impl<T> Started<T> {
    /// Makes a value that counts since `start`.
    pub const fn new(value: T, start: SystemTime) -> Self {
        Self { value, start: Some(start) }
    }
}

impl<T: ToSample> ToSample for Timestamped<T> {
    const TYPE: Option<MetricType> = T::TYPE;
    const IS_LIVE: bool = T::IS_LIVE;

    fn sample(&self) -> Option<Sample<'_>> {
        let sample = self.value.sample()?;
        Some(self.time.map_or(sample, |time| sample.at(time)))
    }
}

impl<T: ToSample> ToSample for Started<T> {
    const TYPE: Option<MetricType> = match T::TYPE {
        None => Some(MetricType::Counter),
        determined => determined,
    };
    const IS_LIVE: bool = T::IS_LIVE;

    fn sample(&self) -> Option<Sample<'_>> {
        let sample = self.value.sample()?;
        Some(self.start.map_or(sample, |start| sample.started_at(start)))
    }
}

/// Implements the traits of a field for a value with a time.
macro_rules! timed_metric {
    ($type:ident, without $time:ident) => {
        impl<T: ToSample> Metric for $type<T> {
            const TYPE: Option<MetricType> = <Self as ToSample>::TYPE;
            const LABELS: LabelShape = LabelShape::None;
            const IS_LIVE: bool = T::IS_LIVE;
            type Making = Made;

            fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
                if let Some(sample) = self.sample() {
                    encoder.value(sample);
                }
            }
        }

        impl<T: ToSample + Init> Init for $type<T> {
            fn init(declaration: &Declaration) -> Self {
                Self { value: T::init(declaration), $time: None }
            }
        }
    };
}

timed_metric!(Timestamped, without time);
timed_metric!(Started, without start);
