//! Native histograms without labels, all with the same options: at most 160 buckets, each at most
//! 1.1 times as wide as the one before it, and a zero threshold of 2^-128.

use std::sync::Arc;

use hello_exporter::{Collector, Format};
use metrics::{Key, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{
    Matcher, NativeHistogramConfig, PrometheusBuilder, PrometheusHandle,
};
use prometheus_client::metrics::histogram;
use prometheus_client::registry::Registry;
use speed::contenders::{Histogram, SECONDS, SECONDS_HELP};

use crate::contenders::encode_client;

const FACTOR: f64 = 1.1;
const MAX_BUCKETS: u32 = 160;

/// A native histogram that can be exposed.
pub trait Native: Histogram {
    /// Appends the exposition to `buffer`.
    fn encode(&self, buffer: &mut Vec<u8>);
}

/// The default options of ours are those above.
#[derive(Collector)]
struct Seconds {
    /// Time to serve a request.
    #[metric(native)]
    request_seconds: hello_exporter::Histogram,
}

pub struct Ours {
    metrics: Arc<Seconds>,
    registry: hello_exporter::Registry,
}

impl Histogram for Ours {
    fn new() -> Self {
        let (metrics, registry) = (Arc::new(Seconds::new()), hello_exporter::Registry::new());
        registry.register(Arc::clone(&metrics)).unwrap();
        Self { metrics, registry }
    }

    fn observe(&self, value: f64) {
        self.metrics.request_seconds.observe(value);
    }
}

impl Native for Ours {
    fn encode(&self, buffer: &mut Vec<u8>) {
        self.registry.encode(Format::Protobuf, buffer);
    }
}

pub struct PrometheusClient {
    histogram: histogram::Histogram,
    registry: Registry,
}

impl Histogram for PrometheusClient {
    fn new() -> Self {
        let config =
            histogram::NativeHistogramConfig::new(FACTOR).max_buckets(MAX_BUCKETS as usize);
        let histogram = histogram::Histogram::new_native(config);
        let mut registry = Registry::default();
        registry.register(SECONDS, SECONDS_HELP.trim_end_matches('.'), histogram.clone());
        Self { histogram, registry }
    }

    fn observe(&self, value: f64) {
        self.histogram.observe(value);
    }
}

impl Native for PrometheusClient {
    fn encode(&self, buffer: &mut Vec<u8>) {
        encode_client(&self.registry, buffer);
    }
}

pub struct Metrics {
    histogram: metrics::Histogram,
    handle: PrometheusHandle,
}

impl Histogram for Metrics {
    fn new() -> Self {
        let zero_threshold = histogram::DEFAULT_NATIVE_HISTOGRAM_ZERO_THRESHOLD;
        let config = NativeHistogramConfig::new(FACTOR, MAX_BUCKETS, zero_threshold).unwrap();
        let recorder = PrometheusBuilder::new()
            .set_native_histogram_for_metric(Matcher::Full(SECONDS.into()), config)
            .build_recorder();
        recorder.describe_histogram(SECONDS.into(), None, SECONDS_HELP.into());
        let metadata = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
        let histogram = recorder.register_histogram(&Key::from_static_name(SECONDS), &metadata);
        Self { histogram, handle: recorder.handle() }
    }

    fn observe(&self, value: f64) {
        self.histogram.record(value);
    }
}

impl Native for Metrics {
    fn encode(&self, buffer: &mut Vec<u8>) {
        self.handle.render_protobuf_to_write(buffer).unwrap();
    }
}
