//! The library and its peers as implementations of the same traits. Each is configured in the way
//! that its documentation calls fast.

pub mod fastmetrics;
mod measured;
pub mod metrics;
pub mod ours;
pub mod prometheus;
pub mod prometheus_client;
mod vise;

pub use fastmetrics::Fastmetrics;
pub use measured::{Measured, MeasuredFixed};
pub use metrics::Metrics;
pub use ours::{Expiring, Ours};
pub use prometheus::Prometheus;
pub use prometheus_client::PrometheusClient;
pub use vise::Vise;

use crate::labels::{Labels, Pair};

// The metric names and help texts that all contenders use.
pub const REQUESTS: &str = "requests_total";
pub const REQUESTS_HELP: &str = "Requests served.";
pub const SECONDS: &str = "request_seconds";
pub const SECONDS_HELP: &str = "Time to serve a request.";

/// A library in one configuration.
pub trait Contender: 'static {
    const NAME: &'static str;
    const IS_PEER: bool = true;
    const FORMATS: &'static [Format] = &[Format::Text];

    type Counters: Counters;
    type Histograms: Histograms;
    type Histogram: Histogram + Expose;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    OpenMetrics,
}

/// Metrics that can be exposed.
pub trait Expose: 'static {
    /// Returns the whole exposition. The buffer is reused if the library allows it.
    fn expose(&mut self, format: Format) -> &[u8];
}

/// A registered counter family with a constant label and the labels `method`, `path` and `code`.
pub trait Counters: Expose + Sync {
    /// Labels in the form that the library accepts.
    type Key: Send + Sync;

    fn new() -> Self;

    /// Converts labels to the library's form.
    fn key(labels: &Labels) -> Self::Key;

    /// Converts a key to the form that is cheapest to reuse.
    fn reusable(key: Self::Key) -> Self::Key {
        key
    }

    fn inc_by(&self, key: &Self::Key, count: u64);

    fn inc(&self, key: &Self::Key) {
        self.inc_by(key, 1);
    }

    /// Returns a function that increments one series through a kept handle.
    fn pin<'a>(&'a self, key: &'a Self::Key) -> impl Fn() + 'a;
}

/// A registered histogram family with the labels `method` and `path`.
pub trait Histograms: Expose {
    fn new() -> Self;
    fn observe(&self, labels: &Pair, value: f64);
}

/// A registered histogram without labels.
pub trait Histogram: 'static {
    fn new() -> Self;
    fn observe(&self, value: f64);
}

/// Calls a generic function for every contender, ours first, and returns an array of the results.
#[macro_export]
macro_rules! every_contender {
    ($make:ident($($argument:expr),*)) => {
        [
            $make::<$crate::contenders::Ours>($($argument),*),
            $make::<$crate::contenders::Prometheus>($($argument),*),
            $make::<$crate::contenders::PrometheusClient>($($argument),*),
            $make::<$crate::contenders::Measured>($($argument),*),
            $make::<$crate::contenders::MeasuredFixed>($($argument),*),
            $make::<$crate::contenders::Metrics>($($argument),*),
            $make::<$crate::contenders::Vise>($($argument),*),
            $make::<$crate::contenders::Fastmetrics>($($argument),*),
        ]
    };
}
