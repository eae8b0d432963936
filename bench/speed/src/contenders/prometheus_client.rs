//! `prometheus-client`, whose text format is OpenMetrics.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram;
use prometheus_client::registry::{Metric, Registry};

use super::{
    Contender, Counters, Expose, Format, Histogram, Histograms, REQUESTS, REQUESTS_HELP, SECONDS,
    SECONDS_HELP,
};
use crate::labels::{BUCKETS, Labels, Pair, SERVICE};

pub struct PrometheusClient;

impl Contender for PrometheusClient {
    const NAME: &'static str = "prometheus_client";
    const FORMATS: &'static [Format] = &[Format::Text, Format::OpenMetrics];

    type Counters = Registered<Family<Request, Counter>>;
    type Histograms = Registered<Family<Endpoint, histogram::Histogram>>;
    type Histogram = Registered<histogram::Histogram>;
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Request {
    method: String,
    path: String,
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Endpoint {
    method: String,
    path: String,
}

/// A metric in a registry of its own.
pub struct Registered<M> {
    metric: M,
    pub registry: Registry,
    buffer: String,
}

impl<M: Metric + Clone> Registered<M> {
    fn new(mut registry: Registry, name: &str, help: &str, metric: M) -> Self {
        // The registry appends a full stop to the help.
        registry.register(name, help.trim_end_matches('.'), metric.clone());
        Self { metric, registry, buffer: String::new() }
    }
}

impl<M: 'static> Expose for Registered<M> {
    fn expose(&mut self, _: Format) -> &[u8] {
        self.buffer.clear();
        text::encode(&mut self.buffer, &self.registry).unwrap();
        self.buffer.as_bytes()
    }
}

impl Counters for Registered<Family<Request, Counter>> {
    type Key = Request;

    fn new() -> Self {
        let (label, value) = SERVICE;
        let registry = Registry::with_labels([(label.into(), value.into())].into_iter());
        // The encoder adds the suffix.
        let name = REQUESTS.trim_end_matches("_total");
        Self::new(registry, name, REQUESTS_HELP, Family::default())
    }

    fn key(labels: &Labels) -> Self::Key {
        let [method, path, code] = labels.clone();
        Request { method, path, code }
    }

    fn inc_by(&self, key: &Self::Key, count: u64) {
        self.metric.get_or_create(key).inc_by(count);
    }

    fn inc(&self, key: &Self::Key) {
        self.metric.get_or_create(key).inc();
    }

    fn pin<'a>(&'a self, key: &'a Self::Key) -> impl Fn() + 'a {
        let counter = self.metric.get_or_create_owned(key);
        move || {
            counter.inc();
        }
    }
}

fn seconds() -> histogram::Histogram {
    histogram::Histogram::new(BUCKETS)
}

impl Histograms for Registered<Family<Endpoint, histogram::Histogram>> {
    fn new() -> Self {
        let family = Family::new_with_constructor(seconds as fn() -> _);
        Self::new(Registry::default(), SECONDS, SECONDS_HELP, family)
    }

    fn observe(&self, labels: &Pair, value: f64) {
        let [method, path] = labels.clone();
        self.metric.get_or_create(&Endpoint { method, path }).observe(value);
    }
}

impl Histogram for Registered<histogram::Histogram> {
    fn new() -> Self {
        Self::new(Registry::default(), SECONDS, SECONDS_HELP, seconds())
    }

    fn observe(&self, value: f64) {
        self.metric.observe(value);
    }
}
