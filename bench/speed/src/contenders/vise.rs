//! `vise`, built on an older `prometheus-client`.

use vise::{
    Buckets, Counter, EncodeLabelSet, EncodeLabelValue, LabeledFamily, Metrics, MetricsFamily,
    Registry,
};

use super::{Contender, Counters, Expose, Format, Histogram, Histograms};
use crate::labels::{BUCKETS, Labels, Pair, SERVICE};

pub struct Vise;

impl Contender for Vise {
    const NAME: &'static str = "vise";
    const FORMATS: &'static [Format] = &[Format::Text, Format::OpenMetrics];

    type Counters = Registered<Requests>;
    type Histograms = Registered<Seconds>;
    type Histogram = Registered<UnlabelledSeconds>;
}

/// The crate has no constant labels: metrics that share a label are in a `MetricsFamily`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet, EncodeLabelValue)]
#[metrics(label = "service")]
struct Service(&'static str);

impl std::fmt::Display for Service {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

#[derive(Clone, Debug, Metrics)]
pub struct Requests {
    /// Requests served.
    #[metrics(labels = ["method", "path", "code"])]
    requests_total: LabeledFamily<(String, String, String), Counter, 3>,
}

#[derive(Clone, Debug, Metrics)]
pub struct Seconds {
    /// Time to serve a request.
    #[metrics(labels = ["method", "path"], buckets = Buckets::values(&BUCKETS))]
    request_seconds: LabeledFamily<(String, String), vise::Histogram, 2>,
}

#[derive(Clone, Debug, Metrics)]
pub struct UnlabelledSeconds {
    /// Time to serve a request.
    #[metrics(buckets = Buckets::values(&BUCKETS))]
    request_seconds: vise::Histogram,
}

/// Metrics in a registry of their own.
pub struct Registered<M> {
    metrics: M,
    registry: Registry,
    buffer: String,
}

impl<M> Registered<M> {
    fn new(metrics: M, registered: &impl Metrics) -> Self {
        let mut registry = Registry::empty();
        registry.register_metrics(registered);
        Self { metrics, registry, buffer: String::new() }
    }
}

impl<M: 'static> Expose for Registered<M> {
    fn expose(&mut self, format: Format) -> &[u8] {
        let format = match format {
            Format::OpenMetrics => vise::Format::OpenMetrics,
            _ => vise::Format::Prometheus,
        };
        self.buffer.clear();
        self.registry.encode(&mut self.buffer, format).unwrap();
        self.buffer.as_bytes()
    }
}

impl Counters for Registered<Requests> {
    type Key = (String, String, String);

    fn new() -> Self {
        let family = MetricsFamily::<Service, Requests>::new();
        let metrics = family[&Service(SERVICE.1)].clone();
        Self::new(metrics, &family)
    }

    fn key(labels: &Labels) -> Self::Key {
        labels.clone().into()
    }

    fn inc_by(&self, key: &Self::Key, count: u64) {
        self.metrics.requests_total[key].inc_by(count);
    }

    fn inc(&self, key: &Self::Key) {
        self.metrics.requests_total[key].inc();
    }

    fn pin<'a>(&'a self, key: &'a Self::Key) -> impl Fn() + 'a {
        let counter = &self.metrics.requests_total[key];
        move || {
            counter.inc();
        }
    }
}

impl Histograms for Registered<Seconds> {
    fn new() -> Self {
        let metrics = Seconds::default();
        Self::new(metrics.clone(), &metrics)
    }

    fn observe(&self, labels: &Pair, value: f64) {
        self.metrics.request_seconds[&labels.clone().into()].observe(value);
    }
}

impl Histogram for Registered<UnlabelledSeconds> {
    fn new() -> Self {
        let metrics = UnlabelledSeconds::default();
        Self::new(metrics.clone(), &metrics)
    }

    fn observe(&self, value: f64) {
        self.metrics.request_seconds.observe(value);
    }
}
