//! This library.

use std::sync::Arc;
use std::time::Duration;

use hello_exporter::registry::IntoCollector;
use hello_exporter::{Collector, CounterVec, HistogramVec, Registry};

use super::{Contender, Counters, Expose, Format, Histogram, Histograms};
use crate::labels::{Labels, Pair};

pub struct Ours;

impl Contender for Ours {
    const NAME: &'static str = "hello_exporter";
    const IS_PEER: bool = false;
    const FORMATS: &'static [Format] = &[Format::Text, Format::OpenMetrics];

    type Counters = Registered<Requests<false>>;
    type Histograms = Registered<Seconds>;
    type Histogram = Registered<UnlabelledSeconds>;
}

/// This library, with series that expire.
pub struct Expiring;

impl Contender for Expiring {
    const NAME: &'static str = "expire_after";
    const IS_PEER: bool = false;
    const FORMATS: &'static [Format] = Ours::FORMATS;

    type Counters = Registered<Requests<true>>;
    type Histograms = Registered<Seconds>;
    type Histogram = Registered<UnlabelledSeconds>;
}

#[derive(Collector)]
pub struct Requests<const EXPIRE: bool> {
    /// Requests served.
    #[metric(labels = ["method", "path", "code"], const_labels(service = "checkout"))]
    requests_total: CounterVec<3>,
}

#[derive(Collector)]
pub struct Seconds {
    /// Time to serve a request.
    #[metric(labels = ["method", "path"], buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])]
    request_seconds: HistogramVec<2>,
}

#[derive(Collector)]
pub struct UnlabelledSeconds {
    /// Time to serve a request.
    #[metric(buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])]
    request_seconds: hello_exporter::Histogram,
}

/// A struct of metrics in a registry of its own.
pub struct Registered<M> {
    metrics: Arc<M>,
    pub registry: Registry,
    buffer: Vec<u8>,
}

impl<M> Registered<M> {
    fn new(metrics: M) -> Self
    where
        Arc<M>: IntoCollector,
    {
        let (metrics, registry) = (Arc::new(metrics), Registry::new());
        registry.register(Arc::clone(&metrics)).unwrap();
        Self { metrics, registry, buffer: Vec::new() }
    }
}

/// Converts a format to the library's own type.
fn own(format: Format) -> hello_exporter::Format {
    match format {
        Format::Text => hello_exporter::Format::Text,
        Format::OpenMetrics => hello_exporter::Format::OpenMetrics,
    }
}

impl<M: 'static> Expose for Registered<M> {
    fn expose(&mut self, format: Format) -> &[u8] {
        self.buffer.clear();
        self.registry.encode(own(format), &mut self.buffer);
        &self.buffer
    }
}

impl<const EXPIRE: bool> Counters for Registered<Requests<EXPIRE>> {
    type Key = Labels;

    fn new() -> Self {
        let Requests::<EXPIRE> { mut requests_total } = Requests::new();
        if EXPIRE {
            requests_total = requests_total.expire_after(Duration::from_secs(600));
        }
        Self::new(Requests { requests_total })
    }

    fn key(labels: &Labels) -> Self::Key {
        labels.clone()
    }

    fn inc_by(&self, key: &Self::Key, count: u64) {
        self.metrics.requests_total.with(key.each_ref().map(String::as_str)).inc_by(count);
    }

    fn inc(&self, key: &Self::Key) {
        self.metrics.requests_total.with(key.each_ref().map(String::as_str)).inc();
    }

    fn pin<'a>(&'a self, key: &'a Self::Key) -> impl Fn() + 'a {
        let pinned = self.metrics.requests_total.with(key.each_ref().map(String::as_str)).pin();
        move || pinned.inc()
    }
}

impl Histograms for Registered<Seconds> {
    fn new() -> Self {
        Self::new(Seconds::new())
    }

    fn observe(&self, labels: &Pair, value: f64) {
        self.metrics.request_seconds.with(labels.each_ref().map(String::as_str)).observe(value);
    }
}

impl Histogram for Registered<UnlabelledSeconds> {
    fn new() -> Self {
        Self::new(UnlabelledSeconds::new())
    }

    fn observe(&self, value: f64) {
        self.metrics.request_seconds.observe(value);
    }
}
