//! A Prometheus server scrapes protobuf, and stores exemplars, native histograms and start
//! timestamps.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hello_exporter::http::Metrics;
use hello_exporter::{Collector, CounterVec, HistogramVec, Started};
use hello_exporter_tests::http::serve;
use hello_exporter_tests::{PrometheusVersion, Proxy, registry_of, single};
use serde_json::{Value, json};

#[derive(Collector)]
struct Traced {
    #[metric(help = "Requests.", labels = ["path"])]
    requests_total: CounterVec<1>,
    #[metric(help = "Time.", labels = ["path"], buckets = [0.5, 2.5])]
    duration_seconds: HistogramVec<1>,
}

/// Returns series and exemplars, sorted: the labels of the series, and the labels, value and time
/// of the exemplar.
fn exemplars(result: &Value) -> Vec<String> {
    let series = result.as_array().unwrap().iter().flat_map(|series| {
        let name = &series["seriesLabels"]["__name__"];
        let bound = &series["seriesLabels"]["le"];
        let exemplars = series["exemplars"].as_array().unwrap().iter();
        exemplars.map(move |it| {
            format!("{name} {bound} {} {} {}", it["labels"], it["value"], it["timestamp"])
        })
    });
    let mut exemplars: Vec<String> = series.collect();
    exemplars.sort_unstable();
    exemplars
}

/// The exemplars are the same, whichever format has them.
fn exemplars_stored_by(version: PrometheusVersion) {
    let traced = Traced::new();
    // Prometheus 2.42 keeps the escapes of exemplars in OpenMetrics, so there are none here.
    let trace = |id| [("trace_id", id), ("city", "Tromsø")];
    traced.requests_total.with(["/"]).inc_by_with_exemplar(2, &trace("1"));
    let seconds = traced.duration_seconds.with(["/"]);
    seconds.observe_with_exemplar(0.25, &trace("2"));
    seconds.observe_with_exemplar(7.5, &trace("3"));
    let registry = registry_of(traced);
    let server = serve(move |config| {
        config.service(Metrics::new(registry.clone()));
    });
    let stored = |features: &str, media_type: &str| {
        let proxy = Proxy::start(server.address, &[]);
        let flag = format!("--enable-feature={features}");
        let prometheus = version.scraping(proxy.address, &[&flag], "");
        let all = r#"{job="exporter"}"#;
        let result = prometheus.exemplars(all, |result| exemplars(result).len() == 3);
        for answer in proxy.responses().iter() {
            let content_type = answer.header("content-type").unwrap();
            assert!(content_type.starts_with(media_type), "{content_type}");
        }
        exemplars(&result)
    };
    let open_metrics = stored("exemplar-storage", "application/openmetrics-text; version=1.0.0;");
    let protobuf = "application/vnd.google.protobuf;";
    let protobuf = stored("exemplar-storage,native-histograms", protobuf);
    assert_eq!(protobuf, open_metrics);
}

#[test]
fn prometheus_stores_the_same_exemplars_of_openmetrics_and_protobuf() {
    PrometheusVersion::ALL.into_iter().for_each(exemplars_stored_by);
}

/// Returns 100,000 pseudo-random numbers from 0 to 1, and never either.
fn fractions() -> impl Iterator<Item = f64> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    })
    .take(100_000)
}

/// Returns normally distributed numbers (Box and Muller), half as many as `fractions`.
fn normal(mean: f64, deviation: f64) -> Vec<f64> {
    let fractions: Vec<f64> = fractions().collect();
    let pairs = fractions.chunks_exact(2);
    let number = |pair: &[f64]| {
        (-2.0 * pair[0].ln()).sqrt() * (std::f64::consts::TAU * pair[1]).cos() * deviation + mean
    };
    pairs.map(number).collect()
}

/// Returns observations of several distributions, by name.
fn distributions() -> BTreeMap<&'static str, Vec<f64>> {
    let normal_twice = [normal(0.25, 0.01), normal(4.0, 0.5)].concat();
    let exponential: Vec<f64> = fractions().map(|fraction| -fraction.ln() * 0.1).collect();
    let zeros = fractions().map(|fraction| if fraction < 0.4 { 0.0 } else { fraction }).collect();
    BTreeMap::from([
        ("normal", [normal(2.0, 0.25), normal(2.0, 0.25)].concat()),
        ("negative", exponential.iter().map(|value| -value).collect()),
        ("exponential", exponential),
        ("bimodal", normal_twice),
        ("zeros", zeros),
    ])
}

#[derive(Collector)]
struct Distributed {
    #[metric(help = "Observations.", labels = ["of"], native(factor = 1.05, max_buckets = 0))]
    values: HistogramVec<1>,
}

/// The factor of the buckets from the attribute: schema 4.
const FACTOR: f64 = 1.0443;

fn quantiles_computed_by(version: PrometheusVersion) {
    let distributed = Distributed::new();
    let distributions = distributions();
    for (of, values) in &distributions {
        values.iter().for_each(|value| distributed.values.with([of]).observe(*value));
    }
    let registry = registry_of(distributed);
    let server = serve(move |config| {
        config.service(Metrics::new(registry.clone()));
    });
    let flags = ["--enable-feature=native-histograms"];
    let prometheus = version.scraping(server.address, &flags, "");
    let value = |query: &str| -> f64 {
        let result = prometheus.query(query, |result| single(result).is_some());
        single(&result).unwrap().1.parse().unwrap()
    };
    for (of, mut values) in distributions {
        let series = format!("values{{of=\"{of}\"}}");
        assert_eq!(value(&format!("histogram_count({series})")), 100_000.0, "{of}");
        let sum: f64 = values.iter().sum();
        let difference = value(&format!("histogram_sum({series})")) - sum;
        assert!(difference.abs() <= sum.abs() * 1e-9, "{of}: {difference} {sum}");
        values.sort_unstable_by(f64::total_cmp);
        for percent in [1, 10, 25, 45, 75, 90, 99] {
            let exact = values[percent * values.len() / 100 - 1];
            let quantile = percent as f64 / 100.0;
            let estimate = value(&format!("histogram_quantile({quantile}, {series})"));
            let is_near = if exact == 0.0 {
                estimate.abs() < 1e-30
            } else {
                (1.0 / FACTOR..=FACTOR).contains(&(estimate / exact))
            };
            assert!(is_near, "{of}: quantile {quantile} is {exact}, estimated as {estimate}");
        }
    }
}

#[test]
fn prometheus_computes_quantiles_of_native_histograms() {
    PrometheusVersion::ALL.into_iter().for_each(quantiles_computed_by);
}

#[derive(Collector)]
struct Job {
    #[metric(help = "Records.", labels = ["table"])]
    records_total: CounterVec<1>,
    #[metric(help = "Time.", labels = ["table"], native, buckets = [1])]
    seconds: HistogramVec<1>,
    #[metric(help = "Bytes.")]
    bytes_total: Started<u64>,
}

/// Prometheus 3 stores a zero at the start of a series.
#[test]
fn prometheus_stores_zeros_at_start_timestamps() {
    let start = SystemTime::now() - Duration::from_secs(5);
    let job = Job { bytes_total: Started::new(9, start), ..Job::new() };
    job.records_total.with(["users"]).inc_by(3);
    job.seconds.with(["users"]).observe(0.5);
    let registry = registry_of(job);
    let server = serve(move |config| {
        config.service(Metrics::new(registry.clone()));
    });
    let flag = "--enable-feature=created-timestamp-zero-ingestion,native-histograms";
    let more = "always_scrape_classic_histograms: true";
    let prometheus = PrometheusVersion::V3.scraping(server.address, &[flag], more);
    let first = |series: &str| {
        let result = prometheus.query(&format!("{series}[1m]"), |result| result != &json!([]));
        result[0]["values"][0].clone()
    };
    let seconds = start.duration_since(UNIX_EPOCH).unwrap().as_millis() as f64 / 1e3;
    assert_eq!(first("bytes_total"), json!([seconds, "0"]));
    for series in ["records_total", "seconds_count", "seconds_bucket{le=\"1.0\"}"] {
        assert_eq!(first(series)[1], "0", "{series}");
    }
    let native = prometheus.query("seconds[1m]", |result| result != &json!([]));
    assert_eq!(native[0]["histograms"][0][1]["count"], "0");
}
