//! Metrics: live ones that a program updates, and values read at scrape time.

mod counter;
mod dynamic;
mod exemplar;
mod family;
mod gauge;
mod guard;
mod histogram;
mod info;
mod native;
mod owned;
mod rows;
mod series;
mod series_set;
mod snapshot;
pub(crate) mod start;
mod state_set;
mod store;
mod timed;
pub(crate) mod to_sample;
mod value;
mod view;
mod without_labels;
mod word;

pub use crate::labels::MAX_LABEL_VALUE_BYTES;
pub use counter::Counter;
pub use dynamic::{DynamicFamilies, DynamicFamily};
#[doc(hidden)]
pub use family::Positional;
pub use family::{CounterVec, Family, GaugeVec, HistogramVec};
pub use gauge::Gauge;
pub use guard::{GaugeGuard, Timer};
#[doc(hidden)]
pub use guard::{Level, Observe};
pub use histogram::{Buckets, DEFAULT_BUCKETS, Histogram, exponential_buckets, linear_buckets};
pub use info::Info;
pub use native::{NativeBuckets, NativeHistogramSnapshot};
pub use rows::Rows;
#[doc(hidden)]
pub use series::{Cached, Lookup, Uncached};
pub use series::{PinnedSeries, Series};
pub use series_set::{NumberMetric, SeriesMetric};
pub use snapshot::{HistogramSnapshot, SnapshotError, SummarySnapshot};
#[cfg(feature = "prometheus")]
pub(crate) use snapshot::{check_buckets, check_quantiles};
pub use state_set::{StateSet, States};
pub use timed::{Started, Timestamped};
pub use view::SeriesView;
pub use word::{CounterValue, GaugeValue};
