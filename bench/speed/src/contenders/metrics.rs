//! `metrics` with `metrics-exporter-prometheus`. The recorder is called directly, so the
//! measurements do not contain the look-up of the global recorder or of a thread's recorder.

use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::{
    Contender, Counters, Expose, Format, Histogram, Histograms, REQUESTS, REQUESTS_HELP, SECONDS,
    SECONDS_HELP,
};
use crate::labels::{BUCKETS, Labels, Pair, SERVICE};

pub struct Metrics;

impl Contender for Metrics {
    const NAME: &'static str = "metrics";

    type Counters = Recorded<()>;
    type Histograms = Recorded<()>;
    type Histogram = Recorded<metrics::Histogram>;
}

/// The metadata that the macros of the crate pass with every metric.
static METADATA: Metadata<'_> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// A recorder, and kept handles of its metrics.
pub struct Recorded<M> {
    kept: M,
    recorder: PrometheusRecorder,
    pub handle: PrometheusHandle,
    buffer: Vec<u8>,
}

impl<M> Recorded<M> {
    fn new(builder: PrometheusBuilder, keep: impl FnOnce(&PrometheusRecorder) -> M) -> Self {
        let recorder = builder.build_recorder();
        let (kept, handle) = (keep(&recorder), recorder.handle());
        Self { kept, recorder, handle, buffer: Vec::new() }
    }
}

impl<M: 'static> Expose for Recorded<M> {
    fn expose(&mut self, _: Format) -> &[u8] {
        self.buffer.clear();
        self.handle.render_to_write(&mut self.buffer).unwrap();
        &self.buffer
    }
}

fn key<const N: usize>(name: &'static str, labels: [(&'static str, &String); N]) -> Key {
    let labels = labels.map(|(name, value)| Label::new(name, value.clone()));
    Key::from_parts(name, Vec::from(labels))
}

impl Counters for Recorded<()> {
    type Key = Key;

    fn new() -> Self {
        let builder = PrometheusBuilder::new().add_global_label(SERVICE.0, SERVICE.1);
        Self::new(builder, |recorder| {
            recorder.describe_counter(REQUESTS.into(), None, REQUESTS_HELP.into());
        })
    }

    fn key([method, path, code]: &Labels) -> Self::Key {
        key(REQUESTS, [("method", method), ("path", path), ("code", code)])
    }

    /// Returns a key that shares its labels with its clones: the recorder clones each key that it
    /// registers.
    fn reusable(key: Self::Key) -> Self::Key {
        key.to_retained()
    }

    fn inc_by(&self, key: &Self::Key, count: u64) {
        self.recorder.register_counter(key, &METADATA).increment(count);
    }

    fn pin<'a>(&'a self, key: &'a Self::Key) -> impl Fn() + 'a {
        let counter = self.recorder.register_counter(key, &METADATA);
        move || counter.increment(1)
    }
}

/// Returns a builder with buckets; without them, histograms would be summaries.
fn buckets() -> PrometheusBuilder {
    PrometheusBuilder::new().set_buckets(&BUCKETS).unwrap()
}

fn describe_seconds(recorder: &PrometheusRecorder) {
    recorder.describe_histogram(SECONDS.into(), None, SECONDS_HELP.into());
}

impl Histograms for Recorded<()> {
    fn new() -> Self {
        Self::new(buckets(), describe_seconds)
    }

    fn observe(&self, [method, path]: &Pair, value: f64) {
        let key = key(SECONDS, [("method", method), ("path", path)]);
        self.recorder.register_histogram(&key, &METADATA).record(value);
    }
}

impl Histogram for Recorded<metrics::Histogram> {
    fn new() -> Self {
        Self::new(buckets(), |recorder| {
            describe_seconds(recorder);
            recorder.register_histogram(&Key::from_static_name(SECONDS), &METADATA)
        })
    }

    fn observe(&self, value: f64) {
        self.kept.record(value);
    }
}
