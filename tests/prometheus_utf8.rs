//! Prometheus 3 stores names that need quotes, in each escaping scheme.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use hello_exporter::http::Metrics;
use hello_exporter::{Collector, CounterVec, Format, Gauge, HistogramVec};
use hello_exporter_tests::http::{Server, serve};
use hello_exporter_tests::{PrometheusVersion, Proxy, registry_of};
use serde_json::{Value, json};

#[derive(Collector)]
#[collector(utf8)]
struct Shop {
    #[metric(name = "http.requests_total", help = "Requests.", labels = ["http.method"])]
    requests: CounterVec<1>,
    #[metric(name = "temperature in °C", help = "Temperature.")]
    temperature: Gauge,
    #[metric(name = "http.seconds", help = "Time.", labels = ["path"], buckets = [0.5])]
    durations: HistogramVec<1>,
    /// A name without quotes.
    plain: Gauge,
}

fn shop() -> Server {
    let shop = Shop::new();
    shop.requests.with(["GET"]).inc_by(2);
    shop.temperature.set(21.5);
    shop.durations.with(["/"]).observe(0.25);
    shop.plain.set(1.5);
    let registry = registry_of(shop);
    serve(move |config| {
        config.service(Metrics::new(registry.clone()));
    })
}

/// Returns the stored series, sorted: name, own labels and value.
fn series(result: &Value) -> Vec<String> {
    let line = |series: &Value| {
        let mut labels = series["metric"].as_object().unwrap().clone();
        let name = labels.remove("__name__").unwrap();
        labels.retain(|name, _| name != "instance" && name != "job");
        format!("{} {} {}", name.as_str().unwrap(), Value::from(labels), series["value"][1])
    };
    let mut series: Vec<String> = result.as_array().unwrap().iter().map(line).collect();
    series.sort_unstable();
    series
}

/// Checks what is stored of an exposition that was requested with this scrape configuration.
fn assert_stored(configuration: &str, content_type: &str, expected: &[&str]) {
    let server = shop();
    let proxy = Proxy::start(server.address, &[]);
    let prometheus = PrometheusVersion::V3.scraping(proxy.address, &[], configuration);
    let all = r#"{job="exporter",__name__!~"up|scrape_.*"}"#;
    let stored = prometheus.query(all, |result| result != &json!([]));
    assert_eq!(series(&stored), expected, "{configuration}");
    for answer in proxy.responses().iter() {
        assert_eq!(answer.header("content-type"), Some(content_type), "{configuration}");
    }
}

const ALLOW_UTF_8: [&str; 7] = [
    r#"http.requests_total {"http.method":"GET"} "2""#,
    r#"http.seconds_bucket {"le":"+Inf","path":"/"} "1""#,
    r#"http.seconds_bucket {"le":"0.5","path":"/"} "1""#,
    r#"http.seconds_count {"path":"/"} "1""#,
    r#"http.seconds_sum {"path":"/"} "0.25""#,
    r#"plain {} "1.5""#,
    r#"temperature in °C {} "21.5""#,
];

const UNDERSCORES: [&str; 7] = [
    r#"http_requests_total {"http_method":"GET"} "2""#,
    r#"http_seconds_bucket {"le":"+Inf","path":"/"} "1""#,
    r#"http_seconds_bucket {"le":"0.5","path":"/"} "1""#,
    r#"http_seconds_count {"path":"/"} "1""#,
    r#"http_seconds_sum {"path":"/"} "0.25""#,
    r#"plain {} "1.5""#,
    r#"temperature_in__C {} "21.5""#,
];

const DOTS: [&str; 7] = [
    r#"http_dot_requests__total {"http_dot_method":"GET"} "2""#,
    r#"http_dot_seconds_bucket {"le":"+Inf","path":"/"} "1""#,
    r#"http_dot_seconds_bucket {"le":"0.5","path":"/"} "1""#,
    r#"http_dot_seconds_count {"path":"/"} "1""#,
    r#"http_dot_seconds_sum {"path":"/"} "0.25""#,
    r#"plain {} "1.5""#,
    r#"temperature__in____C {} "21.5""#,
];

const VALUES: [&str; 7] = [
    r#"U__http_2e_requests__total {"U__http_2e_method":"GET"} "2""#,
    r#"U__http_2e_seconds_bucket {"le":"+Inf","path":"/"} "1""#,
    r#"U__http_2e_seconds_bucket {"le":"0.5","path":"/"} "1""#,
    r#"U__http_2e_seconds_count {"path":"/"} "1""#,
    r#"U__http_2e_seconds_sum {"path":"/"} "0.25""#,
    r#"U__temperature_20_in_20__b0_C {} "21.5""#,
    r#"plain {} "1.5""#,
];

#[test]
fn prometheus_3_stores_names_whole_in_both_text_formats() {
    let open_metrics =
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8";
    assert_stored("", open_metrics, &ALLOW_UTF_8);
    let text = "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8";
    assert_stored("scrape_protocols: [PrometheusText1.0.0]", text, &ALLOW_UTF_8);
}

#[test]
fn prometheus_3_stores_names_in_the_scheme_that_it_requests() {
    for (scheme, expected) in [("underscores", UNDERSCORES), ("dots", DOTS), ("values", VALUES)] {
        let configuration = format!("metric_name_escaping_scheme: {scheme}");
        let content_type = format!(
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping={scheme}"
        );
        assert_stored(&configuration, &content_type, &expected);
    }
}

/// Its request for protobuf has no scheme, and the answer without one has underscores.
#[test]
fn prometheus_3_stores_underscores_of_protobuf() {
    let protobuf = Format::Protobuf.content_type();
    assert_stored("scrape_protocols: [PrometheusProto]", protobuf, &UNDERSCORES);
}
