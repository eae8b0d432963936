//! End to end: a declaration, the built exporter, a Prometheus server and its database.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::thread;

use hello_exporter::http::Metrics;
use hello_exporter::{
    Collector, Counter, CounterVec, Format, Gauge, HistogramVec, Info, LabelValue, Labels,
    Registry, StateSet, SummarySnapshot,
};
use hello_exporter_tests::http::serve;
use hello_exporter_tests::web_config::{Directory, MUTUAL, SECRET, TLS, users};
use hello_exporter_tests::{
    Exporter, Prometheus, PrometheusVersion, Proxy, exposition, registry_of, single,
};
use serde_json::{Value, json};

/// Waits until everything that the tutorial declares is in the server's database.
fn assert_stored(prometheus: &Prometheus) {
    let value = |query: &str, expected: &str| {
        let is_there = |result: &Value| single(result).is_some_and(|(_, value)| value == expected);
        single(&prometheus.query(query, is_there)).unwrap().0
    };

    assert_eq!(value("up", "1"), json!({"__name__": "up"}));
    assert_eq!(value("a", "1"), json!({"__name__": "a"}));
    assert_eq!(value("b", "2"), json!({"__name__": "b", "hello": "world", "hostname": "Hi"}));
    assert_eq!(prometheus.metadata("a"), ("gauge".to_owned(), "Display a.".to_owned()));
    // Prometheus requests OpenMetrics, in which a counter without `_total` has the type `unknown`.
    assert_eq!(prometheus.metadata("b"), ("unknown".to_owned(), "Display b.".to_owned()));
    assert_eq!(prometheus.metadata("process_cpu_seconds").0, "counter");
}

#[test]
fn prometheus_stores_the_metrics_of_the_tutorial() {
    let exporter = Exporter::start(&[]);
    assert_stored(&Prometheus::scraping(exporter.address));
}

#[test]
fn prometheus_scrapes_over_tls_with_basic_authentication() {
    let directory = Directory::new();
    let exporter = directory.start(&format!("{TLS}{}", users(&[("alice", SECRET)])));
    let ca = directory.path("ca.crt");
    let scrape = format!("scheme: https\ntls_config: {{ca_file: {ca}}}\n");
    let with_password = format!("{scrape}basic_auth: {{username: alice, password: secret}}\n");
    assert_stored(&Prometheus::scraping_with(exporter.address, &with_password));

    let without = Prometheus::scraping_with(exporter.address, &scrape);
    without.query("up", |result| single(result).is_some_and(|(_, value)| value == "0"));
}

#[test]
fn prometheus_scrapes_over_mutual_tls() {
    let directory = Directory::new();
    let exporter = directory.start(MUTUAL);
    let [ca, certificate, key] =
        ["ca.crt", "client.crt", "client.key"].map(|file| directory.path(file));
    let scrape = |more: &str| format!("scheme: https\ntls_config: {{ca_file: {ca}{more}}}\n");
    let with_certificate = scrape(&format!(", cert_file: {certificate}, key_file: {key}"));
    assert_stored(&Prometheus::scraping_with(exporter.address, &with_certificate));

    let without = Prometheus::scraping_with(exporter.address, &scrape(""));
    without.query("up", |result| single(result).is_some_and(|(_, value)| value == "0"));
}

#[derive(LabelValue)]
enum Mode {
    Open,
    Closed,
}

#[derive(Labels)]
struct Release {
    version: &'static str,
}

#[derive(Collector)]
#[collector(namespace = "shop")]
struct Shop {
    /// Orders, with the suffix of a counter.
    #[metric(labels = ["city", "kind"], const_labels(brand = "north"))]
    orders_total: CounterVec<2>,
    /// Visitors, without the suffix of a counter.
    visitors: Counter,
    /// Below zero and not whole.
    temperature_celsius: Gauge,
    /// Infinite.
    limit: Gauge,
    // Bounds are not whole, since a whole one is `1` in the text format and `1.0` in OpenMetrics.
    /// Time to answer.
    #[metric(labels = ["handler"], unit = "seconds", buckets = [0.25, 2.5])]
    duration_seconds: HistogramVec<1>,
    // OpenMetrics forbids some values of `drift_celsius`, `shift_celsius` and `debts_total`.
    /// Below zero.
    #[metric(labels = ["at"], buckets = [-1.5, 1.5])]
    drift_celsius: HistogramVec<1>,
    /// Current mode.
    mode: StateSet<Mode>,
    /// The running release.
    build_info: Info<Release>,
}

#[derive(Collector)]
#[collector(namespace = "shop")]
struct Values {
    /// Of no type.
    #[metric(untyped)]
    number: i64,
    /// Lengths of pauses.
    pause_seconds: SummarySnapshot,
    #[metric(help = "Below zero.", labels = ["at"])]
    shift_celsius: BTreeMap<&'static str, SummarySnapshot>,
    #[metric(counter, help = "No counts.", labels = ["of"])]
    debts_total: BTreeMap<&'static str, f64>,
    /// Stock, if it is known.
    #[metric(labels = ["city"])]
    stock: BTreeMap<&'static str, Option<u32>>,
}

/// Returns a registry with metrics of every type, whose values do not change.
fn shop() -> Registry {
    let shop = Shop::new();
    shop.orders_total.with(["a \"city\"\\\n", "é"]).inc_by(3);
    shop.orders_total.with(["Oslo", ""]).init();
    shop.visitors.inc_by(12);
    shop.temperature_celsius.set(-0.125);
    shop.limit.set(f64::INFINITY);
    [0.125, 1.0, 8.0]
        .iter()
        .for_each(|seconds| shop.duration_seconds.with(["/"]).observe(*seconds));
    shop.drift_celsius.with(["a"]).observe(-2.5);
    shop.drift_celsius.with(["b"]).observe(f64::NAN);
    [Mode::Open, Mode::Closed].into_iter().for_each(|mode| shop.mode.set(mode));
    shop.build_info.set(Release { version: "1.2.3" });
    let values = || Values {
        number: -7,
        pause_seconds: SummarySnapshot::new([(0.5, 0.25), (0.99, 1.0)], 1.5, 4).unwrap(),
        shift_celsius: BTreeMap::from([
            ("a", SummarySnapshot::new([(0.5, -0.25), (0.99, 1.5)], -1.5, 4).unwrap()),
            ("b", SummarySnapshot::new([(0.5, f64::NAN)], f64::NAN, 4).unwrap()),
        ]),
        debts_total: BTreeMap::from([("money", -2.5), ("time", f64::NAN)]),
        stock: BTreeMap::from([("Bergen", None), ("Oslo", Some(5))]),
    };
    let registry = registry_of(shop);
    registry.register_fn(values).unwrap();
    registry
}

/// Returns all series of a result as lines of the text format, sorted.
fn lines(result: &Value) -> Vec<String> {
    let series = result.as_array().unwrap().iter();
    let mut lines: Vec<String> = series.map(line).collect();
    lines.sort_unstable();
    lines
}

fn line(series: &Value) -> String {
    let escaped = |value: &Value| {
        let value = value.as_str().unwrap().replace('\\', "\\\\");
        value.replace('"', "\\\"").replace('\n', "\\n")
    };
    let labels = series["metric"].as_object().unwrap().iter();
    let labels = labels.filter(|(name, _)| !["__name__", "instance", "job"].contains(&&***name));
    let labels: Vec<_> =
        labels.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    let name = series["metric"]["__name__"].as_str().unwrap();
    let value = series["value"][1].as_str().unwrap();
    match &*labels {
        [] => format!("{name} {value}"),
        labels => format!("{name}{{{}}} {value}", labels.join(",")),
    }
}

/// The text formats that both versions request if a proxy sets the header, and their media types.
const REQUESTED: [(&str, &str); 3] = [
    ("text/plain;version=0.0.4", "text/plain; version=0.0.4; charset=utf-8"),
    (
        "application/openmetrics-text;version=0.0.1",
        "application/openmetrics-text; version=0.0.1; charset=utf-8",
    ),
    (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6",
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
    ),
];

/// The text format that only version 3 reads.
const TEXT_1: (&str, &str) = (
    "text/plain;version=1.0.0;escaping=allow-utf-8",
    "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
);

fn stored_by(version: PrometheusVersion) {
    let registry = shop();
    let exposition = exposition(&registry);
    // Prometheus has no empty labels.
    let exposition = exposition.replace(",kind=\"\"", "");
    let mut expected: Vec<&str> =
        exposition.lines().filter(|line| !line.starts_with('#')).collect();
    expected.sort_unstable();
    let server = serve(move |config| {
        config.service(Metrics::new(registry.clone()));
    });
    let check = |flag: Option<&str>, headers: &[(&str, &str)], content_type, coding| {
        let proxy = Proxy::start(server.address, headers);
        let prometheus = version.scraping(proxy.address, flag.as_slice(), "");
        let all = r#"{job="exporter",__name__=~"shop_.*"}"#;
        let stored = prometheus.query(all, |result| result != &json!([]));
        assert_eq!(lines(&stored), expected, "{version:?} {content_type} {coding:?}");
        for answer in proxy.responses().iter() {
            assert_eq!(answer.header("content-type"), Some(content_type));
            assert_eq!(answer.header("content-encoding"), coding);
        }
    };
    let with_and_without_gzip = |flag, headers: &[(&str, &str)], content_type| {
        check(flag, headers, content_type, Some("gzip"));
        let identity = [headers, &[("Accept-Encoding", "identity")]].concat();
        check(flag, &identity, content_type, None);
    };
    let with_and_without_gzip = &with_and_without_gzip;
    thread::scope(|scope| {
        let only_3 = (version == PrometheusVersion::V3).then_some(TEXT_1);
        for (accepted, content_type) in REQUESTED.into_iter().chain(only_3) {
            scope.spawn(move || {
                with_and_without_gzip(None, &[("Accept", accepted)], content_type);
            });
        }
        let by_itself = match version {
            PrometheusVersion::V2 => Format::OpenMetrics.content_type(),
            PrometheusVersion::V3 => REQUESTED[2].1,
        };
        scope.spawn(move || with_and_without_gzip(None, &[], by_itself));
        let protobuf = Format::Protobuf.content_type();
        let flag = Some("--enable-feature=native-histograms");
        scope.spawn(move || with_and_without_gzip(flag, &[], protobuf));
    });
}

#[test]
fn prometheus_2_stores_the_same_in_every_format_with_and_without_gzip() {
    stored_by(PrometheusVersion::V2);
}

#[test]
fn prometheus_3_stores_the_same_in_every_format_with_and_without_gzip() {
    stored_by(PrometheusVersion::V3);
}
