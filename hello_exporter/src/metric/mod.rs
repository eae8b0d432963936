//! The metrics themselves: live ones that a program updates, and values read at scrape time.

mod counter;
mod exemplar;
mod families;
mod family;
mod gauge;
mod guard;
mod histogram;
mod info;
mod rows;
mod series;
mod snapshot;
mod state_set;
mod store;
mod value;
mod view;
mod word;

pub use counter::Counter;
pub use families::{Families, RunTimeFamily};
pub use family::{
    CounterVec, Family, GaugeVec, HistogramVec, NumberMetric, Positional, SeriesMetric,
};
pub use gauge::Gauge;
pub use guard::{GaugeGuard, Level, Observe, Timer};
pub use histogram::{Bounds, DEFAULT_BUCKETS, Histogram, exponential_buckets, linear_buckets};
pub use info::Info;
pub use rows::Rows;
pub use series::{LookUp, Pinned, PinnedSeries, Series, Way};
pub use snapshot::{HistogramSnapshot, SnapshotError, SummarySnapshot, Timestamped};
#[cfg(feature = "prometheus")]
pub(crate) use snapshot::{check_buckets, check_quantiles};
pub use state_set::{StateSet, States};
pub use value::Value;
pub use view::SeriesView;
pub use word::{CounterValue, GaugeValue};
