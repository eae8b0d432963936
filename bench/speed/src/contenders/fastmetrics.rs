//! `fastmetrics`, with derived label sets.

use fastmetrics::derive::LabelSet;
use fastmetrics::format::text::{self, EscapingScheme, TextProfile};
use fastmetrics::metrics::counter::Counter;
use fastmetrics::metrics::family::Family;
use fastmetrics::metrics::histogram;
use fastmetrics::registry::{Metric, Registry};

use super::{
    Contender, Counters, Expose, Format, Histogram, Histograms, REQUESTS, REQUESTS_HELP, SECONDS,
    SECONDS_HELP,
};
use crate::labels::{BUCKETS, Labels, Pair, SERVICE};

pub struct Fastmetrics;

impl Contender for Fastmetrics {
    const NAME: &'static str = "fastmetrics";
    const FORMATS: &'static [Format] = &[Format::Text, Format::OpenMetrics];

    type Counters = Registered<Family<Request, Counter>>;
    type Histograms = Registered<Family<Endpoint, histogram::Histogram>>;
    type Histogram = Registered<histogram::Histogram>;
}

#[derive(Clone, PartialEq, Eq, Hash, LabelSet)]
pub struct Request {
    method: String,
    path: String,
    code: String,
}

#[derive(Clone, PartialEq, Eq, Hash, LabelSet)]
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
    fn new(mut registry: Registry, name: &'static str, help: &'static str, metric: M) -> Self {
        registry.register(name, help, metric.clone()).unwrap();
        Self { metric, registry, buffer: String::new() }
    }
}

impl<M: 'static> Expose for Registered<M> {
    fn expose(&mut self, format: Format) -> &[u8] {
        let profile = match format {
            Format::OpenMetrics => {
                TextProfile::OpenMetricsV1_0_0 { escaping_scheme: EscapingScheme::AllowUtf8 }
            }
            _ => TextProfile::PrometheusV0_0_4,
        };
        self.buffer.clear();
        text::encode(&mut self.buffer, &self.registry, profile).unwrap();
        self.buffer.as_bytes()
    }
}

impl Counters for Registered<Family<Request, Counter>> {
    type Key = Request;

    fn new() -> Self {
        let registry = Registry::builder().with_const_labels([SERVICE]).build().unwrap();
        Self::new(registry, REQUESTS, REQUESTS_HELP, Family::default())
    }

    fn key(labels: &Labels) -> Self::Key {
        let [method, path, code] = labels.clone();
        Request { method, path, code }
    }

    fn inc_by(&self, key: &Self::Key, count: u64) {
        self.metric.with_or_new(key, |counter| counter.inc_by(count));
    }

    fn inc(&self, key: &Self::Key) {
        self.metric.with_or_new(key, Counter::inc);
    }

    fn pin<'a>(&'a self, key: &'a Self::Key) -> impl Fn() + 'a {
        let counter = self.metric.with_or_new(key, Counter::clone);
        move || counter.inc()
    }
}

fn seconds() -> histogram::Histogram {
    histogram::Histogram::new(BUCKETS)
}

impl Histograms for Registered<Family<Endpoint, histogram::Histogram>> {
    fn new() -> Self {
        Self::new(Registry::default(), SECONDS, SECONDS_HELP, Family::new(seconds))
    }

    fn observe(&self, labels: &Pair, value: f64) {
        let [method, path] = labels.clone();
        let endpoint = Endpoint { method, path };
        self.metric.with_or_new(&endpoint, |histogram| histogram.observe(value));
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
