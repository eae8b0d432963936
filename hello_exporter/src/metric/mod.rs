//! The metrics themselves: live ones that a program updates, and values read at scrape time.

mod counter;
mod family;
mod gauge;
mod histogram;
mod series;
mod store;
mod value;
mod word;

pub use counter::Counter;
pub use family::{
    CounterVec, Family, GaugeVec, HistogramVec, NumberMetric, Positional, SeriesMetric,
};
pub use gauge::Gauge;
pub use histogram::{Bounds, DEFAULT_BUCKETS, Histogram};
pub use series::Series;
pub use value::Value;
pub use word::{CounterValue, GaugeValue};
