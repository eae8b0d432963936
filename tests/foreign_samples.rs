//! Invalid samples that a registry of the `prometheus` crate gathers.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::BTreeMap;

use hello_exporter::collect::Declared;
use hello_exporter::{Collector, Format, HistogramSnapshot, Registry, SummarySnapshot};
use hello_exporter_tests::foreign::{Given, histogram, metric};
use hello_exporter_tests::http::get;
use hello_exporter_tests::{
    Exporter, build_example, exposition, exposition_in, exposition_of, registry_of, registry_of_fn,
};
use prometheus::HistogramOpts;
use prometheus::proto::{Gauge, LabelPair, Metric, MetricType, Quantile, Summary};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

/// Returns a registry of ours with a foreign registry in it, which has this family.
fn serving(metric_type: MetricType, metrics: Vec<Metric>) -> Registry {
    let foreign = prometheus::Registry::new();
    foreign.register(Given::new("family", "Help.", metric_type, metrics)).unwrap();
    registry_of(foreign)
}

fn summary(of: &str, quantiles: &[(f64, f64)]) -> Metric {
    let quantile = |&(at, value): &(f64, f64)| {
        let mut quantile = Quantile::default();
        quantile.set_quantile(at);
        quantile.set_value(value);
        quantile
    };
    let mut summary = Summary::default();
    summary.set_quantile(quantiles.iter().map(quantile).collect());
    summary.set_sample_sum(1.5);
    summary.set_sample_count(3);
    let mut metric = metric(&[("of", of)]);
    metric.set_summary(summary);
    metric
}

const FORMATS: [Format; 2] = [Format::Text, Format::OpenMetrics];

/// Asserts that a foreign family and the same snapshots have the same exposition.
fn assert_same<T: Declared + 'static>(
    foreign: &Registry,
    snapshots: impl Fn() -> T + Send + Sync + 'static,
) {
    let registry = registry_of_fn(snapshots);
    for format in FORMATS {
        assert_eq!(exposition_in(format, foreign), exposition_in(format, &registry));
    }
}

/// Asserts that a foreign histogram with these buckets and this count, next to a valid one, is
/// exposed like its snapshot, or dropped if a snapshot refuses them.
fn assert_histogram(buckets: &[(f64, u64)], count: u64) {
    #[derive(Collector)]
    struct Snapshots {
        #[metric(help = "Help.", labels = ["of"])]
        family: BTreeMap<&'static str, HistogramSnapshot>,
    }

    let sound = [(0.5, 1), (1.0, 2)];
    let foreign = serving(
        MetricType::HISTOGRAM,
        vec![histogram("it", buckets, count), histogram("sound", &sound, 3)],
    );
    let snapshot = HistogramSnapshot::new(buckets.iter().copied(), 1.5, count);
    let sound = HistogramSnapshot::new(sound, 1.5, 3).unwrap();
    let family = snapshot.ok().map(|it| ("it", it)).into_iter().chain([("sound", sound)]);
    let family: BTreeMap<_, _> = family.collect();
    assert_same(&foreign, move || Snapshots { family: family.clone() });
}

#[test]
fn foreign_histogram_follows_the_rules_of_a_snapshot() {
    const INFINITY: f64 = f64::INFINITY;
    let cases: &[(&[(f64, u64)], u64)] = &[
        (&[], 3),
        (&[(1.0, 1), (2.0, 3)], 3),
        (&[(1.0, 1), (INFINITY, 3)], 3),
        (&[(f64::NEG_INFINITY, 1), (2.0, 3)], 3),
        // Unsorted, repeated and NaN bounds.
        (&[(2.0, 1), (1.0, 3)], 3),
        (&[(1.0, 1), (1.0, 2)], 3),
        (&[(1.0, 1), (f64::NAN, 2)], 3),
        (&[(f64::NAN, 1)], 3),
        (&[(0.0, 1), (-0.0, 2)], 3),
        (&[(INFINITY, 3), (1.0, 3)], 3),
        (&[(INFINITY, 3), (INFINITY, 3)], 3),
        // Falling counts.
        (&[(1.0, 2), (2.0, 1)], 3),
        (&[(1.0, 2), (2.0, 4)], 3),
        // A last bucket that differs from the count.
        (&[(1.0, 1), (INFINITY, 2)], 3),
        (&[(1.0, 1), (INFINITY, 4)], 3),
    ];
    for (buckets, count) in cases {
        assert_histogram(buckets, *count);
    }
}

fn assert_summary(quantiles: &[(f64, f64)]) {
    #[derive(Collector)]
    struct Snapshots {
        #[metric(help = "Help.", labels = ["of"])]
        family: BTreeMap<&'static str, SummarySnapshot>,
    }

    let sound = [(0.5, 0.25), (1.0, 1.0)];
    let foreign =
        serving(MetricType::SUMMARY, vec![summary("it", quantiles), summary("sound", &sound)]);
    let snapshot = SummarySnapshot::new(quantiles.iter().copied(), 1.5, 3);
    let sound = SummarySnapshot::new(sound, 1.5, 3).unwrap();
    let family = snapshot.ok().map(|it| ("it", it)).into_iter().chain([("sound", sound)]);
    let family: BTreeMap<_, _> = family.collect();
    assert_same(&foreign, move || Snapshots { family: family.clone() });
}

#[test]
fn foreign_summary_follows_the_rules_of_a_snapshot() {
    let cases: &[&[(f64, f64)]] = &[
        &[],
        &[(0.0, -1.0), (0.5, f64::NAN), (1.0, 2.0)],
        &[(0.5, 1.0), (0.5, 2.0)],
        &[(0.9, 1.0), (0.5, 2.0)],
        &[(0.5, 1.0), (1.5, 2.0)],
        &[(-0.5, 1.0)],
        &[(f64::NAN, 1.0)],
        &[(f64::INFINITY, 1.0)],
        &[(0.0, 1.0), (-0.0, 2.0)],
    ];
    for quantiles in cases {
        assert_summary(quantiles);
    }
}

/// Generates few different numbers, so that they often repeat.
fn numbers() -> impl Strategy<Value = f64> {
    select(vec![f64::NEG_INFINITY, -1.0, -0.0, 0.0, 0.5, 1.0, 2.0, f64::INFINITY, f64::NAN])
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1970),
        ..ProptestConfig::default()
    })]

    #[test]
    fn arbitrary_foreign_histogram_follows_the_rules_of_a_snapshot(
        buckets in vec((numbers(), 0..4_u64), 0..4),
        count in 0..4_u64,
    ) {
        assert_histogram(&buckets, count);
    }

    #[test]
    fn arbitrary_foreign_summary_follows_the_rules_of_a_snapshot(
        quantiles in vec((numbers(), numbers()), 0..4),
    ) {
        assert_summary(&quantiles);
    }
}

#[test]
fn foreign_histogram_with_a_nan_bound_is_dropped() {
    #[derive(Collector)]
    #[collector(no_new)]
    struct Fields {
        /// Bad.
        bad: prometheus::Histogram,
        /// Good.
        good: prometheus::Histogram,
    }

    let made = |name: &str, help: &str, buckets: [f64; 2]| {
        let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        prometheus::Histogram::with_opts(opts).unwrap()
    };
    let fields = Fields {
        bad: made("bad", "Bad.", [1.0, f64::NAN]),
        good: made("good", "Good.", [1.0, 2.0]),
    };
    fields.bad.observe(0.5);
    fields.good.observe(1.5);
    assert_eq!(
        exposition_of(fields),
        r#"# HELP good Good.
# TYPE good histogram
good_bucket{le="1"} 0
good_bucket{le="2"} 1
good_bucket{le="+Inf"} 1
good_sum 1.5
good_count 1
"#
    );
}

#[test]
fn foreign_samples_with_invalid_or_repeated_labels_are_dropped() {
    let labels: &[&[(&str, &str)]] = &[
        &[("a", "1"), ("b", "2")],
        // The same series again.
        &[("b", "2"), ("a", "1")],
        &[("a", "1"), ("a", "2")],
        &[("a", "1"), ("a", "1")],
        &[("", "1")],
        &[("5", "1")],
        &[("a b", "1")],
        &[("a:b", "1")],
        &[("__a", "1")],
        &[("é", "1")],
        &[("c", "\\\"\n")],
    ];
    let gauges = labels.iter().map(|labels| {
        let mut gauge = Gauge::default();
        gauge.set_value(1.0);
        let mut metric = metric(labels);
        metric.set_gauge(gauge);
        metric
    });
    let registry = serving(MetricType::GAUGE, gauges.collect());
    assert_eq!(
        exposition(&registry),
        r#"# HELP family Help.
# TYPE family gauge
family{c="\\\"\n"} 1
family{a="1",b="2"} 1
"#
    );
}

#[test]
fn foreign_metric_with_a_reserved_label_is_dropped() {
    let mut bounded = histogram("it", &[(1.0, 1)], 1);
    let mut label = LabelPair::default();
    label.set_name("le".to_owned());
    label.set_value("1".to_owned());
    bounded.set_label(vec![label]);
    assert_eq!(exposition(&serving(MetricType::HISTOGRAM, vec![bounded])), "");
}

#[test]
fn invalid_foreign_samples_are_counted_and_logged_once() {
    let program = build_example("hello_exporter_tests", "foreign");
    let exporter = Exporter::start_program(&program, &["--web.disable-exporter-metrics"]);
    let mut body = String::new();
    for _ in 0..3 {
        body = get(exporter.address, "/metrics").body;
    }
    let lines = body.lines().filter(|line| !line.contains("build_info"));
    let lines: String = lines.map(|line| line.to_owned() + "\n").collect();
    assert_eq!(
        lines,
        r#"# HELP waits_seconds Waits.
# TYPE waits_seconds histogram
waits_seconds_bucket{of="sound",le="1"} 1
waits_seconds_bucket{of="sound",le="2"} 2
waits_seconds_bucket{of="sound",le="+Inf"} 2
waits_seconds_sum{of="sound"} 1.5
waits_seconds_count{of="sound"} 2
# HELP foreign_dropped_series_total Series that were not exposed because their family was refused or they were invalid, and updates dropped because their family was full.
# TYPE foreign_dropped_series_total counter
foreign_dropped_series_total{family="waits_seconds"} 6
"#
    );
    let (_, log) = exporter.signal("TERM");
    let warnings = log.iter().filter_map(|line| line.split_once(" level=warn ")).map(|it| it.1);
    assert_eq!(
        warnings.collect::<Vec<_>>(),
        [
            "msg=\"Collector wrote invalid samples or a label set twice; these samples are dropped\" \
          collector=prometheus::Registry metric=waits_seconds duplicates=0 invalid=2 \
          reason=\"the bucket up to `2` counts 1 observations, the one before it 2: cumulative \
          counts must not decrease\"\n"
        ]
    );
}
