//! `prometheus`, without its protobuf model.

use prometheus::core::Collector;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder,
};

use super::{
    Contender, Counters, Expose, Format, Histogram, Histograms, REQUESTS, REQUESTS_HELP, SECONDS,
    SECONDS_HELP,
};
use crate::labels::{BUCKETS, Labels, Pair, SERVICE};

pub struct Prometheus;

impl Contender for Prometheus {
    const NAME: &'static str = "prometheus";

    type Counters = Registered<IntCounterVec>;
    type Histograms = Registered<HistogramVec>;
    type Histogram = Registered<prometheus::Histogram>;
}

/// A metric in a registry of its own.
pub struct Registered<M> {
    metric: M,
    pub registry: Registry,
    buffer: Vec<u8>,
}

impl<M: Collector + Clone + 'static> Registered<M> {
    fn new(metric: prometheus::Result<M>) -> Self {
        let (metric, registry) = (metric.unwrap(), Registry::new());
        registry.register(Box::new(metric.clone())).unwrap();
        Self { metric, registry, buffer: Vec::new() }
    }
}

impl<M: 'static> Expose for Registered<M> {
    fn expose(&mut self, _: Format) -> &[u8] {
        self.buffer.clear();
        TextEncoder::new().encode(&self.registry.gather(), &mut self.buffer).unwrap();
        &self.buffer
    }
}

impl Counters for Registered<IntCounterVec> {
    type Key = Labels;

    fn new() -> Self {
        let opts = Opts::new(REQUESTS, REQUESTS_HELP).const_label(SERVICE.0, SERVICE.1);
        Self::new(IntCounterVec::new(opts, &["method", "path", "code"]))
    }

    fn key(labels: &Labels) -> Self::Key {
        labels.clone()
    }

    fn inc_by(&self, key: &Self::Key, count: u64) {
        self.metric.with_label_values(&key.each_ref().map(String::as_str)).inc_by(count);
    }

    fn inc(&self, key: &Self::Key) {
        self.metric.with_label_values(&key.each_ref().map(String::as_str)).inc();
    }

    fn pin<'a>(&'a self, key: &'a Self::Key) -> impl Fn() + 'a {
        let counter = self.metric.with_label_values(&key.each_ref().map(String::as_str));
        move || counter.inc()
    }
}

fn seconds() -> HistogramOpts {
    HistogramOpts::new(SECONDS, SECONDS_HELP).buckets(BUCKETS.to_vec())
}

impl Histograms for Registered<HistogramVec> {
    fn new() -> Self {
        Self::new(HistogramVec::new(seconds(), &["method", "path"]))
    }

    fn observe(&self, labels: &Pair, value: f64) {
        self.metric.with_label_values(&labels.each_ref().map(String::as_str)).observe(value);
    }
}

impl Histogram for Registered<prometheus::Histogram> {
    fn new() -> Self {
        Self::new(prometheus::Histogram::with_opts(seconds()))
    }

    fn observe(&self, value: f64) {
        self.metric.observe(value);
    }
}
