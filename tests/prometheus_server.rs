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
use hello_exporter_tests::{Exporter, Prometheus, Proxy, exposition, registry_of};
use serde_json::{Value, json};

/// Returns the only value of a query's result, and its labels without the labels of the target.
fn single(result: &Value) -> Option<(Value, String)> {
    let [series] = result.as_array()?.as_slice() else {
        return None;
    };
    let mut labels = series["metric"].clone();
    for target in ["instance", "job"] {
        labels.as_object_mut()?.remove(target);
    }
    Some((labels, series["value"][1].as_str()?.to_owned()))
}

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

/// A proxy sets the headers that select the format and coding, since Prometheus does not select
/// each of them itself.
#[test]
fn prometheus_stores_the_same_in_every_format_with_and_without_gzip() {
    const NATIVE_HISTOGRAMS: &[&str] = &["--enable-feature=native-histograms"];
    const TEXT: &[(&str, &str)] = &[("Accept", "text/plain;version=0.0.4")];
    const OPEN_METRICS_0: &[(&str, &str)] =
        &[("Accept", "application/openmetrics-text;version=0.0.1")];
    const OPEN_METRICS_3: &[(&str, &str)] =
        &[("Accept", "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6")];
    const IDENTITY: (&str, &str) = ("Accept-Encoding", "identity");
    let open_metrics = |parameters| format!("application/openmetrics-text; {parameters}");
    let formats = [
        (Format::Text.content_type().to_owned(), &[][..], TEXT),
        (open_metrics("version=1.0.0; charset=utf-8; escaping=underscores"), &[], &[]),
        (open_metrics("version=1.0.0; charset=utf-8; escaping=allow-utf-8"), &[], OPEN_METRICS_3),
        (open_metrics("version=0.0.1; charset=utf-8"), &[], OPEN_METRICS_0),
        (Format::Protobuf.content_type().to_owned(), NATIVE_HISTOGRAMS, &[]),
    ];
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
    let check =
        &|content_type: &str, flags: &[&str], headers: &[(&str, &str)], coding: Option<&str>| {
            let proxy = Proxy::start(server.address, headers);
            let prometheus = Prometheus::scraping_with_flags(proxy.address, flags);
            let all = r#"{job="exporter",__name__=~"shop_.*"}"#;
            let stored = prometheus.query(all, |result| result != &json!([]));
            assert_eq!(lines(&stored), expected, "{content_type} {coding:?}");
            for answer in proxy.responses().iter() {
                assert_eq!(answer.header("content-type"), Some(content_type));
                assert_eq!(answer.header("content-encoding"), coding);
            }
        };
    thread::scope(|scope| {
        for (content_type, flags, headers) in &formats {
            let identity = [*headers, &[IDENTITY]].concat();
            scope.spawn(move || check(content_type, flags, headers, Some("gzip")));
            scope.spawn(move || check(content_type, flags, &identity, None));
        }
    });
}

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

#[test]
fn prometheus_stores_the_same_exemplars_of_openmetrics_and_protobuf() {
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
    let stored = |features: &str, content_type: &str| {
        let proxy = Proxy::start(server.address, &[]);
        let flags = [format!("--enable-feature={features}")];
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let prometheus = Prometheus::scraping_with_flags(proxy.address, &flags);
        let all = r#"{job="exporter"}"#;
        let result = prometheus.exemplars(all, |result| exemplars(result).len() == 3);
        for answer in proxy.responses().iter() {
            assert_eq!(answer.header("content-type"), Some(content_type));
        }
        exemplars(&result)
    };
    let open_metrics = stored("exemplar-storage", Format::OpenMetrics.content_type());
    let protobuf = stored("exemplar-storage,native-histograms", Format::Protobuf.content_type());
    assert_eq!(protobuf, open_metrics);
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

#[test]
fn prometheus_computes_quantiles_of_native_histograms() {
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
    let prometheus = Prometheus::scraping_with_flags(server.address, &flags);
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
