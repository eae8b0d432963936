//! What a program pays for its metrics: nothing is allocated for a series that exists.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use allocation_counter::measure;
use hello_exporter::{
    Collector, Counter, CounterVec, Family, Format, Gauge, Histogram, HistogramVec, LabelValue,
    Labels, Registry,
};
use std::sync::Arc;

#[derive(LabelValue)]
enum Method {
    Get,
}

#[derive(Labels)]
struct Request<S> {
    method: Method,
    path: S,
    status: u16,
}

#[derive(Collector)]
struct Metrics {
    /// A gauge.
    gauge: Gauge,
    #[metric(help = "By position.", labels = ["x", "y", "z"])]
    counters: CounterVec<3>,
    #[metric(help = "By position.", labels = ["x"])]
    histograms: HistogramVec<1>,
    #[metric(help = "By a label struct.")]
    requests: Family<Request<String>, Counter>,
    #[metric(help = "By a label struct.")]
    durations: Family<Request<String>, Histogram>,
}

fn update(metrics: &Metrics, path: &str) {
    let request = || Request { method: Method::Get, path, status: 200 };
    metrics.gauge.add(1.5);
    metrics.counters.with(["a", path, "c"]).inc();
    metrics.histograms.with([path]).observe(0.5);
    metrics.requests.with(request()).inc();
    metrics.durations.with(&request()).observe(0.5);
}

#[test]
fn an_update_of_an_existing_series_allocates_nothing() {
    let metrics = Metrics::new();
    metrics
        .requests
        .with(Request { method: Method::Get, path: String::from("/"), status: 200 })
        .inc();
    update(&metrics, "/");
    let path = String::from("/");
    assert_eq!(measure(|| update(&metrics, &path)).count_total, 0);
    assert_eq!(
        metrics.requests.with(Request { method: Method::Get, path: "/", status: 200 }).get(),
        3
    );
}

#[test]
fn a_scrape_of_live_metrics_allocates_little_and_the_same_for_many_series() {
    let metrics = Arc::new(Metrics::new());
    let registry = Registry::new();
    registry.register(Arc::clone(&metrics)).unwrap();
    let scrape = |series: u32| {
        (0..series).for_each(|at| update(&metrics, &at.to_string()));
        let mut buffer = Vec::new();
        registry.encode(Format::Text, &mut buffer);
        buffer.clear();
        measure(|| registry.encode(Format::Text, &mut buffer)).count_total
    };
    assert_eq!(scrape(10), scrape(1_000));
}
