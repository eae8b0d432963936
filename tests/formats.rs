//! The same struct in the text format and in OpenMetrics.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, UNIX_EPOCH};

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::{
    Collector, Counter, CounterVec, Format, Gauge, Histogram, HistogramSnapshot, HistogramVec,
    Info, LabelValue, Labels, Registry, StateSet, SummarySnapshot, Timestamped,
};
use hello_exporter_tests::foreign::Given;
use hello_exporter_tests::{
    HELLO, assert_golden, assert_golden_formats, exposition, hello, open_metrics, open_metrics_of,
    registry_of, registry_of_fn,
};
use prometheus::proto;

/// Asserts what a registry exposes in the text format and in OpenMetrics.
#[track_caller]
fn assert_formats(registry: &Registry, in_text: &str, in_open_metrics: &str) {
    assert_eq!(exposition(registry), in_text);
    assert_eq!(open_metrics(registry), in_open_metrics);
}

#[test]
fn openmetrics_drops_the_suffix_from_a_counters_metadata_only() {
    #[derive(Collector)]
    struct Counters {
        /// Without labels.
        bare_total: Counter,
        #[metric(help = "With a unit.", unit = "seconds", labels = ["cpu"], const_labels(zone = "a"))]
        busy_seconds_total: CounterVec<1, f64>,
    }

    let counters = Counters::new();
    counters.bare_total.inc_by(2);
    counters.busy_seconds_total.with(["0"]).inc_by(0.25);
    assert_formats(
        &registry_of(counters),
        r#"# HELP bare_total Without labels.
# TYPE bare_total counter
bare_total 2
# HELP busy_seconds_total With a unit.
# TYPE busy_seconds_total counter
busy_seconds_total{zone="a",cpu="0"} 0.25
"#,
        r#"# HELP bare Without labels.
# TYPE bare counter
bare_total 2
# HELP busy_seconds With a unit.
# TYPE busy_seconds counter
# UNIT busy_seconds seconds
busy_seconds_total{zone="a",cpu="0"} 0.25
# EOF
"#,
    );
}

#[test]
fn counter_without_suffix_is_unknown_in_openmetrics() {
    assert_formats(
        &registry_of(hello()),
        HELLO,
        r#"# HELP a Display a.
# TYPE a gauge
a 1
# HELP b Display b.
# TYPE b unknown
b{hello="world",hostname="Hi"} 2
# EOF
"#,
    );
}

#[test]
fn name_that_is_only_a_suffix_is_kept() {
    #[derive(Collector)]
    struct Suffix {
        /// Nothing but a suffix.
        _total: Counter,
    }

    assert_eq!(
        open_metrics_of(Suffix::new()),
        "# HELP _total Nothing but a suffix.\n# TYPE _total unknown\n_total 0\n# EOF\n"
    );
}

#[test]
fn unit_has_a_line_in_openmetrics() {
    #[derive(Collector)]
    struct Values {
        #[metric(help = "Of no type.", untyped)]
        anything: f64,
        #[metric(help = "In use.", unit = "bytes")]
        memory_bytes: Gauge<i64>,
    }

    let values = || {
        let values = Values { anything: -0.5, ..Values::new() };
        values.memory_bytes.set(-1);
        values
    };
    assert_formats(
        &registry_of(values()),
        "\
# HELP anything Of no type.
# TYPE anything untyped
anything -0.5
# HELP memory_bytes In use.
# TYPE memory_bytes gauge
memory_bytes -1
",
        "\
# HELP anything Of no type.
# TYPE anything unknown
anything -0.5
# HELP memory_bytes In use.
# TYPE memory_bytes gauge
# UNIT memory_bytes bytes
memory_bytes -1
# EOF
",
    );
}

#[test]
fn bucket_bounds_are_floats_in_openmetrics() {
    #[derive(Collector)]
    struct Histograms {
        #[metric(help = "Live.", unit = "seconds", buckets = [0.00001, 1, 10, 1e6])]
        live_seconds: Histogram,
        #[metric(help = "By path.", labels = ["path"], buckets = [1, 2.5])]
        by_path: HistogramVec<1>,
        /// Of somebody else.
        snapshot: HistogramSnapshot,
    }

    let snapshot = HistogramSnapshot::new([(1.0, 20), (25.0, 23)], 9.5, 24).unwrap();
    let histograms = Histograms { snapshot, ..Histograms::new() };
    histograms.live_seconds.observe(5.0);
    histograms.by_path.with(["/"]).observe(2.0);
    assert_golden_formats("histograms", &registry_of(histograms));
}

/// OpenMetrics forbids sum and count if observations can be negative; client_golang exposes them.
#[test]
fn histogram_with_negative_bound_has_sum_and_count_in_openmetrics_too() {
    #[derive(Collector)]
    struct Signed {
        #[metric(help = "Live.", buckets = [-1, 1])]
        live: Histogram,
    }

    let signed = Signed::new();
    signed.live.observe(0.5);
    assert_formats(
        &registry_of(signed),
        r#"# HELP live Live.
# TYPE live histogram
live_bucket{le="-1"} 0
live_bucket{le="1"} 1
live_bucket{le="+Inf"} 1
live_sum 0.5
live_count 1
"#,
        r#"# HELP live Live.
# TYPE live histogram
live_bucket{le="-1.0"} 0
live_bucket{le="1.0"} 1
live_bucket{le="+Inf"} 1
live_sum 0.5
live_count 1
# EOF
"#,
    );
}

#[test]
fn negative_and_nan_sums_and_quantiles_are_exposed_in_openmetrics_too() {
    #[derive(Collector)]
    struct Sums {
        #[metric(help = "An observation of NaN.", buckets = [1])]
        lost: Histogram,
        #[metric(help = "A negative observation.", buckets = [1])]
        negative: Histogram,
        /// Not a number.
        pauses: SummarySnapshot,
        /// Negative.
        shifts: SummarySnapshot,
    }

    let pauses = SummarySnapshot::new([(0.5, -2.0), (1.0, f64::NAN)], f64::NAN, 2).unwrap();
    let shifts = SummarySnapshot::new([(0.5, -0.5)], -1.5, 3).unwrap();
    let sums = Sums { pauses, shifts, ..Sums::new() };
    sums.lost.observe(f64::NAN);
    sums.negative.observe(-0.5);
    assert_golden_formats("negative_and_nan_sums", &registry_of(sums));
}

#[test]
fn quantiles_are_floats_in_openmetrics() {
    #[derive(Collector)]
    #[collector(const_labels(zone = "a"))]
    struct Summaries {
        #[metric(help = "Pauses.", unit = "seconds")]
        pause_seconds: SummarySnapshot,
    }

    let summaries = || {
        let quantiles = [(0.0, 0.0), (0.5, 0.001), (1.0, 0.25)];
        Summaries { pause_seconds: SummarySnapshot::new(quantiles, 1.5, 40).unwrap() }
    };
    assert_formats(
        &registry_of_fn(summaries),
        r#"# HELP pause_seconds Pauses.
# TYPE pause_seconds summary
pause_seconds{zone="a",quantile="0"} 0
pause_seconds{zone="a",quantile="0.5"} 0.001
pause_seconds{zone="a",quantile="1"} 0.25
pause_seconds_sum{zone="a"} 1.5
pause_seconds_count{zone="a"} 40
"#,
        r#"# HELP pause_seconds Pauses.
# TYPE pause_seconds summary
# UNIT pause_seconds seconds
pause_seconds{zone="a",quantile="0.0"} 0
pause_seconds{zone="a",quantile="0.5"} 0.001
pause_seconds{zone="a",quantile="1.0"} 0.25
pause_seconds_sum{zone="a"} 1.5
pause_seconds_count{zone="a"} 40
# EOF
"#,
    );
}

#[derive(Labels)]
struct Release {
    version: String,
    commit: &'static str,
}

#[derive(LabelValue, Clone, Copy)]
enum Role {
    Leader,
    #[label(name = "fol\"lower")]
    Follower,
}

#[test]
fn info_and_state_set_are_gauges_in_the_text_format() {
    #[derive(Collector)]
    #[collector(const_labels(zone = "a"))]
    struct Node {
        /// The running release.
        node_info: Info<Release>,
        /// The role of this node.
        role: StateSet<Role>,
    }

    let node = Node::new();
    node.node_info.set(Release { version: "7\n2".to_owned(), commit: "" });
    node.role.set(Role::Leader);
    node.role.set(Role::Follower);
    assert_formats(
        &registry_of(node),
        r#"# HELP node_info The running release.
# TYPE node_info gauge
node_info{zone="a",version="7\n2",commit=""} 1
# HELP role The role of this node.
# TYPE role gauge
role{zone="a",role="leader"} 0
role{zone="a",role="fol\"lower"} 1
"#,
        r#"# HELP node The running release.
# TYPE node info
node_info{zone="a",version="7\n2",commit=""} 1
# HELP role The role of this node.
# TYPE role stateset
role{zone="a",role="leader"} 0
role{zone="a",role="fol\"lower"} 1
# EOF
"#,
    );
}

#[test]
fn state_set_label_takes_the_name_of_its_family() {
    #[derive(Collector)]
    struct Node {
        /// The role of this node.
        role: StateSet<Role>,
    }

    let registry = Registry::new();
    registry.scope().prefix("app_").const_label("role", "x").register(Node::new()).unwrap();
    assert_eq!(
        open_metrics(&registry),
        r#"# HELP app_role The role of this node.
# TYPE app_role stateset
app_role{role="x",app_role="leader"} 0
app_role{role="x",app_role="fol\"lower"} 0
# EOF
"#
    );
}

/// A handwritten collector that writes any family as if it were a gauge.
struct AsGauge(Desc);

impl Describe for AsGauge {
    fn describe(&self) -> Vec<Desc> {
        vec![self.0.clone()]
    }
}

impl Collect for AsGauge {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.value(2);
        encoder.sample(["two"], 2);
        encoder.sample(["half"], 0.5);
        encoder.sample(["one"], 1.0);
    }
}

#[test]
fn handwritten_info_is_one_and_state_set_needs_states() {
    let info = Desc::new("node_info", "Help.", MetricType::Info);
    let set = Desc::new("role", "Help.", MetricType::StateSet);
    for desc in [info.clone(), set.clone(), set.with_labels(["x"])] {
        assert_eq!(open_metrics_of(AsGauge(desc)), "# EOF\n");
    }
    assert_eq!(
        open_metrics_of(AsGauge(info.with_labels(["x"]))),
        "# HELP node Help.\n# TYPE node info\nnode_info{x=\"one\"} 1\n# EOF\n"
    );
}

#[test]
fn gauge_must_end_in_its_unit() {
    let gauge = Desc::new("busy_seconds_total", "Help.", MetricType::Gauge).with_unit("seconds");
    let error = Registry::new().register(AsGauge(gauge)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "collector `formats::AsGauge`: `busy_seconds_total` has unit `seconds`, expected a name \
         that ends in `_seconds`; only the name of a counter may end in `_seconds_total`"
    );
}

#[test]
fn quotes_in_help_are_escaped_in_openmetrics_only() {
    #[derive(Collector)]
    struct Helped {
        #[metric(help = " \"Quotes\", back\\slash,\na newline, \r return ")]
        helped: f64,
    }

    assert_formats(
        &registry_of_fn(|| Helped { helped: 1.0 }),
        "# HELP helped  \"Quotes\", back\\\\slash,\\na newline, \r return \n\
         # TYPE helped gauge\nhelped 1\n",
        "# HELP helped  \\\"Quotes\\\", back\\\\slash,\\na newline, \r return \n\
         # TYPE helped gauge\nhelped 1\n# EOF\n",
    );
}

#[test]
fn timestamps_are_milliseconds_in_text_and_seconds_in_openmetrics() {
    #[derive(Collector)]
    struct Times {
        /// Now and then.
        now: Timestamped<f64>,
        #[metric(help = "Before 1970.", labels = ["before"])]
        past: BTreeMap<&'static str, Timestamped<i64>>,
        /// A part of a second.
        pauses: Timestamped<SummarySnapshot>,
        /// A part of a second.
        waits: Timestamped<HistogramSnapshot>,
    }

    let after = |milliseconds| UNIX_EPOCH + Duration::from_millis(milliseconds);
    let before = |milliseconds| UNIX_EPOCH - Duration::from_millis(milliseconds);
    let past = [("a day", 86_400_000), ("half a second", 500), ("long", 1_234_567_089)];
    let past = past.map(|(name, ago)| (name, Timestamped::new(-1, before(ago))));
    let times = move || {
        let waits = HistogramSnapshot::new([(1.0, 1)], 0.5, 1).unwrap();
        let pauses = SummarySnapshot::new([(0.5, 0.25)], 0.5, 1).unwrap();
        Times {
            now: Timestamped::new(21.5, after(1_700_000_000_050)),
            past: BTreeMap::from(past),
            pauses: Timestamped::new(pauses, after(7)),
            waits: Timestamped::new(waits, UNIX_EPOCH),
        }
    };
    assert_golden_formats("times", &registry_of_fn(times));
}

#[test]
fn openmetrics_marks_its_end() {
    let registry = Registry::new();
    assert_eq!((exposition(&registry), open_metrics(&registry)), (String::new(), "# EOF\n".into()));

    let mut buffer = b"# before\n".to_vec();
    registry.encode(Format::OpenMetrics, &mut buffer);
    assert_eq!(buffer, b"# before\n# EOF\n");
    registry.register_fn(|| Suddenly { suddenly: 1.0 }).unwrap();
    registry.encode(Format::OpenMetrics, &mut buffer);
    assert_eq!(
        String::from_utf8(buffer).unwrap(),
        "# before\n# EOF\n# HELP suddenly Help.\n# TYPE suddenly gauge\nsuddenly 1\n# EOF\n"
    );
}

#[derive(Collector)]
struct Suddenly {
    #[metric(help = "Help.")]
    suddenly: f64,
}

/// A collector that panics after it has written a sample.
struct Panicking;

impl Describe for Panicking {
    fn describe(&self) -> Vec<Desc> {
        vec![Desc::new("panicking_total", "Help.", MetricType::Counter)]
    }
}

impl Collect for Panicking {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.value(1);
        panic!("a fault");
    }
}

#[test]
fn panicking_collector_leaves_only_the_end() {
    assert_eq!(open_metrics_of(Panicking), "# EOF\n");
    assert_eq!(open_metrics(&registry_of_fn(|| -> Suddenly { panic!("a fault") })), "# EOF\n");
}

fn summary() -> Box<Given> {
    let mut quantile = proto::Quantile::default();
    quantile.set_quantile(1.0);
    quantile.set_value(0.25);
    let mut summary = proto::Summary::default();
    summary.set_quantile(vec![quantile]);
    summary.set_sample_count(4);
    summary.set_sample_sum(1.5);
    let mut metric = proto::Metric::default();
    metric.set_summary(summary);
    metric.set_timestamp_ms(-1500);
    Given::new("pauses", "\"Help\".", proto::MetricType::SUMMARY, vec![metric])
}

#[allow(deprecated, reason = "there is no other way to make one")]
fn untyped() -> Box<Given> {
    let mut untyped = proto::Untyped::default();
    untyped.set_value(3.5);
    let mut metric = proto::Metric::default();
    metric.set_untyped(untyped);
    Given::new("job:untyped", "\"Help\".", proto::MetricType::UNTYPED, vec![metric])
}

#[test]
fn foreign_registry_is_exposed_in_openmetrics() {
    let zone = HashMap::from([("zone".to_owned(), "a".to_owned())]);
    let foreign = prometheus::Registry::new_custom(None, Some(zone)).unwrap();
    let opts = prometheus::HistogramOpts::new("waits", "Help.").buckets(vec![1.0]);
    foreign.register(Box::new(prometheus::Histogram::with_opts(opts).unwrap())).unwrap();
    for name in ["errors_total", "errors_seen"] {
        foreign.register(Box::new(prometheus::IntCounter::new(name, "Help.").unwrap())).unwrap();
    }
    foreign.register(summary()).unwrap();
    foreign.register(untyped()).unwrap();
    assert_golden("expositions/foreign_registry.openmetrics", &open_metrics_of(foreign));
}

#[test]
fn counter_that_would_collide_without_suffix_is_unknown_in_openmetrics() {
    let foreign = prometheus::Registry::new();
    let counter = prometheus::IntCounter::new("jobs_total", "Jobs done.").unwrap();
    let gauge = prometheus::IntGauge::new("jobs", "Jobs waiting.").unwrap();
    foreign.register(Box::new(counter)).unwrap();
    foreign.register(Box::new(gauge)).unwrap();
    let registry = registry_of(foreign);
    assert_eq!(
        open_metrics(&registry),
        "\
# HELP jobs Jobs waiting.
# TYPE jobs gauge
jobs 0
# HELP jobs_total Jobs done.
# TYPE jobs_total unknown
jobs_total 0
# EOF
"
    );
}
