//! Exemplars: which samples have one. OpenMetrics and protobuf expose them.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use hello_exporter::collect::SampleValue;
use hello_exporter::{
    Collector, Counter, CounterVec, Family, Format, Histogram, HistogramVec, Labels, Registry,
};
use hello_exporter_tests::{
    Exemplar, assert_golden, exposition, exposition_of, model, open_metrics, open_metrics_of,
    parse_open_metrics, registry_of,
};

#[test]
fn counter_of_unknown_type_in_openmetrics_has_no_exemplar() {
    #[derive(Collector)]
    struct Untotalled {
        /// Requests.
        requests: Counter,
        #[metric(help = "By path.", labels = ["path"])]
        by_path: CounterVec<1>,
    }

    let untotalled = Arc::new(Untotalled::new());
    untotalled.requests.inc_by_with_exemplar(1, &[("trace_id", "1")]);
    untotalled.by_path.with(["/"]).inc_by_with_exemplar(1, &[("trace_id", "1")]);
    let registry = registry_of(untotalled);
    assert_eq!(
        open_metrics(&registry),
        "\
# HELP by_path By path.
# TYPE by_path unknown
by_path{path=\"/\"} 1
# HELP requests Requests.
# TYPE requests unknown
requests 1
# EOF
"
    );
}

#[derive(Labels)]
struct Path<'a> {
    path: &'a str,
}

#[derive(Collector)]
struct Exemplary {
    /// Requests.
    #[metric(name = "requests_total")]
    requests: Counter,
    /// A counter that is no counter to OpenMetrics.
    plain: Counter,
    /// By path.
    #[metric(name = "by_path_total")]
    by_path: Family<Path<'static>, Counter<f64>>,
    #[metric(help = "Time.", buckets = [0.1, 1], const_labels(zone = "a"))]
    seconds: Histogram,
    #[metric(help = "Time by path.", labels = ["path"], buckets = [1])]
    seconds_by_path: HistogramVec<1>,
}

const TRACE: &[(&str, &str)] = &[("trace_id", "0af7"), ("span", "\"\\\n}# ")];

fn milliseconds_now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

/// Replaces the time of each exemplar by `now`. The times must not be before `start`.
fn at_a_fixed_time(text: &str, start: u128) -> String {
    let now = milliseconds_now();
    let fixed = |line: &str| match line.contains("# {").then(|| line.rsplit_once(' ')).flatten() {
        Some((rest, time)) => {
            let (seconds, thousandths) = time.split_once('.').unwrap();
            assert_eq!(thousandths.len(), 3, "{line}");
            let time: u128 = format!("{seconds}{thousandths}").parse().unwrap();
            assert!((start..=now).contains(&time), "{line} is not between {start} and {now}");
            format!("{rest} now\n")
        }
        None => format!("{line}\n"),
    };
    text.lines().map(fixed).collect()
}

fn exemplary() -> Arc<Exemplary> {
    exemplary_with(TRACE)
}

fn exemplary_with(trace: &[(&str, &str)]) -> Arc<Exemplary> {
    let it = Arc::new(Exemplary::new());
    it.requests.inc_by_with_exemplar(1, &[("replaced", "")]);
    it.requests.inc_by_with_exemplar(2, trace);
    it.plain.inc_by_with_exemplar(1, trace);
    it.by_path.with(Path { path: "/" }).inc_by_with_exemplar(0.5, trace);
    it.by_path.with(Path { path: "/none" }).inc();
    it.seconds.observe_with_exemplar(0.5, trace);
    it.seconds.observe_with_exemplar(7.0, &[]);
    it.seconds_by_path.with(["/"]).observe_with_exemplar(1.0, &[("a", "b")]);
    it.seconds_by_path.with(["/none"]).observe(1.0);
    it
}

#[test]
fn exemplars_follow_counters_and_buckets() {
    let start = milliseconds_now();
    let text = open_metrics_of(exemplary());
    assert_golden("expositions/exemplars.openmetrics", &at_a_fixed_time(&text, start));
}

/// The name of a sample, its labels, and the labels, value and time of its exemplar.
type Exemplified = (String, BTreeMap<String, String>, BTreeMap<String, String>, String, i64);

fn exemplars_in_open_metrics(registry: &Registry) -> Vec<Exemplified> {
    let families = parse_open_metrics(&open_metrics(registry));
    let samples = families.into_iter().flat_map(|family| family.samples);
    let exemplars = samples.filter_map(|sample| {
        let Exemplar { labels, value, timestamp } = sample.exemplar?;
        Some((sample.name, sample.labels, labels, value.to_string(), timestamp?))
    });
    exemplars.collect()
}

fn exemplars_in_protobuf(registry: &Registry) -> Vec<Exemplified> {
    let mut buffer = Vec::new();
    registry.encode(Format::Protobuf, &mut buffer);
    let mut exemplars = Vec::new();
    for family in model::families(&buffer) {
        for metric in family.metric {
            let labels = model::labels(&metric.label);
            let mut push = |name: String, labels, exemplar: Option<model::Exemplar>| {
                let Some(model::Exemplar { label, value, timestamp }) = exemplar else { return };
                let time = timestamp.unwrap().milliseconds();
                exemplars.push((name, labels, model::labels(&label), value.to_string(), time));
            };
            if let Some(counter) = metric.counter {
                push(family.name.clone(), labels.clone(), counter.exemplar);
            }
            for bucket in metric.histogram.into_iter().flat_map(|it| it.bucket) {
                let mut labels = labels.clone();
                labels.insert("le".to_owned(), SampleValue::from(bucket.upper_bound).to_string());
                push(format!("{}_bucket", family.name), labels, bucket.exemplar);
            }
        }
    }
    exemplars
}

#[test]
fn protobuf_has_the_exemplars_of_openmetrics() {
    // The Python client cannot read `}` in the labels of an exemplar.
    let registry = registry_of(exemplary_with(&[("trace_id", "0af7"), ("span", "\"\\\n# ")]));
    let open_metrics = exemplars_in_open_metrics(&registry);
    assert_eq!(open_metrics.len(), 4);
    let mut protobuf = exemplars_in_protobuf(&registry);
    // A counter of unknown type in OpenMetrics is a counter in protobuf.
    let plain = protobuf.iter().position(|(name, ..)| name == "plain").unwrap();
    protobuf.remove(plain);
    // The bounds of OpenMetrics have a decimal point.
    let open_metrics = open_metrics.into_iter().map(|mut exemplar| {
        if let Some(bound) = exemplar.1.get_mut("le") {
            *bound = SampleValue::from(bound.parse::<f64>().unwrap()).to_string();
        }
        exemplar
    });
    assert_eq!(protobuf, open_metrics.collect::<Vec<_>>());
}

#[test]
fn text_format_has_no_exemplars() {
    assert_golden("expositions/exemplars.txt", &exposition_of(exemplary()));
}

#[derive(Collector)]
struct Counted {
    #[metric(help = "Help.", labels = ["x"])]
    counted_total: CounterVec<1>,
}

const HEAD: &str = "# HELP counted Help.\n# TYPE counted counter\n";

#[test]
fn invalid_exemplar_is_dropped_and_its_amount_counted() {
    let counted = Arc::new(Counted::new());
    // With the label name, these are 128 and 129 characters, and about twice as many bytes.
    let [fits, too_long] = [127, 128].map(|length| "é".repeat(length));
    counted.counted_total.with(["fits"]).inc_by_with_exemplar(1, &[("n", &fits)]);
    counted.counted_total.with(["too long"]).inc_by_with_exemplar(2, &[("n", &too_long)]);
    counted.counted_total.with(["unsound"]).inc_by_with_exemplar(3, &[("5", "")]);
    counted.counted_total.with(["twice"]).inc_by_with_exemplar(4, &[("n", "1"), ("n", "2")]);
    let text = open_metrics_of(counted);
    assert_eq!(
        at_a_fixed_time(&text, 0),
        format!(
            "{HEAD}counted_total{{x=\"fits\"}} 1 # {{n=\"{fits}\"}} 1 now\n\
             counted_total{{x=\"too long\"}} 2\n\
             counted_total{{x=\"unsound\"}} 3\n\
             counted_total{{x=\"twice\"}} 4\n\
             # EOF\n"
        )
    );
}

#[test]
fn exemplar_beyond_max_series_is_dropped() {
    #[derive(Collector)]
    struct Limited {
        #[metric(help = "Help.", labels = ["x"], max_series = 1)]
        counted_total: CounterVec<1>,
    }

    let limited = Arc::new(Limited::new());
    limited.counted_total.with(["a"]).inc();
    limited.counted_total.with(["b"]).inc_by_with_exemplar(1, TRACE);
    limited.counted_total.remove(["a"]);
    limited.counted_total.with(["b"]).inc();
    let text = open_metrics_of(limited);
    assert_eq!(text, format!("{HEAD}counted_total{{x=\"b\"}} 1\n# EOF\n"));
}

#[test]
fn exemplar_is_removed_with_its_series() {
    let without_exemplars = |remove: &dyn Fn(&CounterVec<1>)| {
        let counted = Arc::new(Counted::new());
        let exemplar = || counted.counted_total.with(["a"]).inc_by_with_exemplar(1, TRACE);
        exemplar();
        remove(&counted.counted_total);
        counted.counted_total.with(["a"]).inc();
        let text = open_metrics_of(counted);
        assert_eq!(text, format!("{HEAD}counted_total{{x=\"a\"}} 1\n# EOF\n"));
    };
    without_exemplars(&|counted| assert!(counted.remove(["a"])));
    without_exemplars(&|counted| counted.clear());
    without_exemplars(&|counted| counted.retain(|_| false));
}

#[test]
fn collectors_of_one_family_share_its_metadata() {
    let registry = Registry::new();
    let start = milliseconds_now();
    for zone in ["a", "b\""] {
        let counted = Counted::new();
        counted.counted_total.with(["1"]).inc_by_with_exemplar(1, &[("zone", zone)]);
        counted.counted_total.with(["2"]).inc();
        registry.scope().prefix("app_").const_label("zone", zone).register(counted).unwrap();
    }
    assert_eq!(
        exposition(&registry),
        r#"# HELP app_counted_total Help.
# TYPE app_counted_total counter
app_counted_total{zone="a",x="1"} 1
app_counted_total{zone="a",x="2"} 1
app_counted_total{zone="b\"",x="1"} 1
app_counted_total{zone="b\"",x="2"} 1
"#
    );
    assert_eq!(
        at_a_fixed_time(&open_metrics(&registry), start),
        r#"# HELP app_counted Help.
# TYPE app_counted counter
app_counted_total{zone="a",x="1"} 1 # {zone="a"} 1 now
app_counted_total{zone="a",x="2"} 1
app_counted_total{zone="b\"",x="1"} 1 # {zone="b\""} 1 now
app_counted_total{zone="b\"",x="2"} 1
# EOF
"#
    );
}
