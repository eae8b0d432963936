//! Our collectors in a registry of the `prometheus` crate, and its metrics and registries in ours.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::HashMap;
use std::sync::Arc;

use hello_exporter::interop::Shared;
use hello_exporter::{Collector, CounterVec, Format, Gauge, Histogram, Labels, Registry, Rows};
use hello_exporter_tests::{
    assert_golden, exposition, exposition_of, exposition_of_fn, registry_of, registry_of_fn,
};
use prometheus::core::{Collector as _, Desc};
use prometheus::proto::{MetricFamily, MetricType, Quantile, Summary, Untyped};
use prometheus::{HistogramOpts, IntCounter, IntCounterVec, Opts, TextEncoder};

#[derive(Collector)]
struct Hello {
    #[metric(name = "a", help = "Display a.")]
    a: Gauge,
    #[metric(name = "b", help = "Display b.", labels = ["hostname"], const_labels(hello = "world"))]
    b: CounterVec<1>,
}

fn hello() -> Hello {
    let hello = Hello::new();
    hello.a.set(1.0);
    hello.b.with(["Hi"]).inc_by(2);
    hello.b.with(["\"\\\n"]).inc();
    hello
}

fn gathered(registry: &prometheus::Registry) -> String {
    TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
}

const HELLO: &str = "\
# HELP a Display a.
# TYPE a gauge
a 1
# HELP b Display b.
# TYPE b counter
b{hello=\"world\",hostname=\"Hi\"} 2
b{hello=\"world\",hostname=\"\\\"\\\\\\n\"} 1
";

/// Returns the lines of an exposition, sorted: the `prometheus` crate has its own order.
fn sorted(exposition: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = exposition.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn derived_struct_registers_with_either_registry() {
    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(hello())).unwrap();
    assert_eq!(sorted(&gathered(&foreign)), sorted(HELLO));
    assert_eq!(exposition_of(hello()), HELLO);
}

#[test]
fn arc_of_a_derived_struct_registers_with_a_foreign_registry() {
    let hello = Arc::new(hello());
    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(Shared(Arc::clone(&hello)))).unwrap();
    assert_eq!(sorted(&gathered(&foreign)), sorted(HELLO));
    hello.a.set(7.0);
    assert!(gathered(&foreign).contains("\na 7\n"));
    foreign.unregister(Box::new(Shared(hello))).unwrap();
    assert_eq!(gathered(&foreign), "");
}

#[test]
fn histogram_is_gathered_as_a_foreign_histogram() {
    #[derive(Collector)]
    struct Latency {
        /// Seconds.
        #[metric(buckets = [0.5, 1])]
        seconds: Histogram,
    }

    let latency = Latency::new();
    let opts = HistogramOpts::new("seconds", "Seconds.").buckets(vec![0.5, 1.0]);
    let own = prometheus::Histogram::with_opts(opts).unwrap();
    for seconds in [0.25, 0.75, 7.0] {
        latency.seconds.observe(seconds);
        own.observe(seconds);
    }
    let gathered_of = |collector: Box<dyn prometheus::core::Collector>| {
        let registry = prometheus::Registry::new();
        registry.register(collector).unwrap();
        gathered(&registry)
    };
    assert_eq!(gathered_of(Box::new(latency)), gathered_of(Box::new(own)));
}

#[test]
fn foreign_desc_is_created_once_per_content() {
    let (one, other) = (hello(), hello());
    let pointers = |hello: &Hello| -> Vec<*const Desc> {
        hello.desc().into_iter().map(std::ptr::from_ref).collect()
    };
    assert_eq!(pointers(&one), pointers(&other));
}

#[derive(Collector)]
#[collector(const_labels(zone = "a"))]
struct Foreign {
    /// Requests.
    #[metric(name = "requests_total")]
    requests: IntCounter,
    /// Seconds.
    #[metric(name = "seconds_total")]
    seconds: prometheus::Counter,
    /// Level.
    level: prometheus::Gauge,
    /// Items.
    items: prometheus::IntGauge,
    #[metric(name = "errors_total", help = "Errors.", labels = ["z", "a"])]
    errors: IntCounterVec,
    #[metric(name = "waits_total", help = "Waits.", labels = ["x"])]
    waits: prometheus::CounterVec,
    #[metric(help = "Depths.", labels = ["x"])]
    depth: prometheus::GaugeVec,
    #[metric(help = "Sizes.", labels = ["x"], const_labels(unit = "b"))]
    size: prometheus::IntGaugeVec,
}

fn foreign() -> Foreign {
    let foreign = Foreign::new();
    foreign.requests.inc_by(3);
    foreign.seconds.inc_by(0.5);
    foreign.level.set(-1.25);
    foreign.items.set(-4);
    foreign.errors.with_label_values(&["last", "first"]).inc();
    foreign.waits.with_label_values(&["w"]).inc_by(1.5);
    foreign.depth.with_label_values(&["d"]).set(2.0);
    foreign.size.with_label_values(&["s"]).set(9);
    foreign
}

#[test]
fn struct_of_foreign_metrics_registers_with_either_registry() {
    assert_golden("expositions/foreign_metrics.txt", &exposition_of(foreign()));
    let registry = prometheus::Registry::new();
    registry.register(Box::new(foreign())).unwrap();
    let text = gathered(&registry);
    assert!(text.contains("errors_total{a=\"first\",z=\"last\",zone=\"a\"} 1\n"), "{text}");
    assert!(text.contains("requests_total{zone=\"a\"} 3\n"), "{text}");
    assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), 8);
}

#[test]
fn foreign_field_unlike_its_declaration_is_refused() {
    #[derive(Collector)]
    #[collector(no_new)]
    struct Field {
        #[metric(name = "right_total", help = "Right.", labels = ["x"], const_labels(c = "1"))]
        field: IntCounterVec,
    }

    let refusal = |opts: Opts, labels: &[&str]| {
        let field = Field { field: IntCounterVec::new(opts, labels).unwrap() };
        Registry::new().register(field).map_err(|error| error.to_string())
    };
    let error = |problem: &str| {
        Err(format!(
            "collector `interop::foreign_field_unlike_its_declaration_is_refused::Field`: field of \
             metric `right_total` {problem}"
        ))
    };
    let right = || Opts::new("right_total", "Right.").const_label("c", "1");
    assert!(refusal(right(), &["x"]).is_ok());
    assert_eq!(
        refusal(Opts::new("wrong_total", "Right."), &["x"]),
        error("is named `wrong_total`")
    );
    assert_eq!(
        refusal(Opts::new("right_total", "Wrong."), &["x"]),
        error("was made with help \"Wrong.\", but declares \"Right.\"")
    );
    assert_eq!(
        refusal(right(), &["y"]),
        error("was made with labels [\"y\"], but declares [\"x\"]")
    );
    assert_eq!(
        refusal(right().const_label("d", "2"), &["x"]),
        error(
            "was made with constant labels [(\"c\", \"1\"), (\"d\", \"2\")], but declares \
             [(\"c\", \"1\")]"
        )
    );
}

/// A collector that returns the given families.
#[derive(Clone)]
struct Given {
    descs: Vec<Desc>,
    families: Vec<MetricFamily>,
}

impl prometheus::core::Collector for Given {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.families.clone()
    }
}

fn given(name: &str, metric_type: MetricType, metric: prometheus::proto::Metric) -> Given {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help("Help.".to_owned());
    family.set_field_type(metric_type);
    family.set_metric(vec![metric]);
    let desc = Desc::new(name.to_owned(), "Help.".to_owned(), vec![], HashMap::new());
    Given { descs: vec![desc.unwrap()], families: vec![family] }
}

fn summary() -> Given {
    let mut quantile = Quantile::default();
    quantile.set_quantile(0.5);
    quantile.set_value(0.25);
    let mut summary = Summary::default();
    summary.set_quantile(vec![quantile]);
    summary.set_sample_count(4);
    summary.set_sample_sum(1.5);
    let mut metric = prometheus::proto::Metric::default();
    metric.set_summary(summary);
    metric.set_timestamp_ms(1_700_000_000_000);
    given("summary", MetricType::SUMMARY, metric)
}

#[allow(deprecated, reason = "there is no other way to make one")]
fn untyped() -> Given {
    let mut untyped = Untyped::default();
    untyped.set_value(3.5);
    let mut metric = prometheus::proto::Metric::default();
    metric.set_untyped(untyped);
    given("untyped", MetricType::UNTYPED, metric)
}

#[test]
fn foreign_registry_registers_as_a_whole() {
    let foreign = prometheus::Registry::new_custom(
        Some("app".to_owned()),
        Some(HashMap::from([("zone".to_owned(), "a".to_owned())])),
    )
    .unwrap();
    let buckets = HistogramOpts::new("seconds", "Seconds.").buckets(vec![0.005, 1.0, 1e6]);
    let histogram = prometheus::Histogram::with_opts(buckets).unwrap();
    histogram.observe(0.5);
    histogram.observe(2e6);
    foreign.register(Box::new(histogram)).unwrap();
    foreign.register(Box::new(summary())).unwrap();
    foreign.register(Box::new(untyped())).unwrap();
    let registry = registry_of(foreign);
    assert_golden("expositions/foreign_registry_as_a_whole.txt", &exposition(&registry));
}

#[test]
fn metrics_registered_later_in_a_foreign_registry_are_exposed() {
    let foreign = prometheus::Registry::new();
    let registry = registry_of(foreign.clone());
    assert_eq!(exposition(&registry), "");

    let late = IntCounter::new("late_total", "Late.").unwrap();
    foreign.register(Box::new(late.clone())).unwrap();
    late.inc();
    for _ in 0..2 {
        assert_eq!(
            exposition(&registry),
            "# HELP late_total Late.\n# TYPE late_total counter\nlate_total 1\n"
        );
    }
}

#[test]
fn clashing_foreign_metric_is_refused_or_dropped() {
    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(IntCounter::new("a", "Another a.").unwrap())).unwrap();
    let registry = Registry::new();
    let id = registry.register(hello()).unwrap();
    assert_eq!(
        registry.register(foreign.clone()).unwrap_err().to_string(),
        "metric `a` of collector `prometheus::Registry` is registered already, by collector \
         `interop::Hello`"
    );

    let foreign = prometheus::Registry::new();
    registry.register(foreign.clone()).unwrap();
    foreign.register(Box::new(IntCounter::new("a", "Another a.").unwrap())).unwrap();
    for _ in 0..2 {
        assert_eq!(exposition(&registry), HELLO);
    }
    assert!(registry.unregister(id));
    assert_eq!(exposition(&registry), "# HELP a Another a.\n# TYPE a counter\na 0\n");
}

#[test]
fn untyped_values_are_gauges_in_a_foreign_registry() {
    #[derive(Collector)]
    struct Values {
        #[metric(untyped, help = "Of no type.")]
        value: f64,
        /// Not there.
        absent: Option<f64>,
    }

    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(Values { value: 2.0, absent: None })).unwrap();
    assert_eq!(gathered(&foreign), "# HELP value Of no type.\n# TYPE value gauge\nvalue 2\n");
    let mut buffer = Vec::new();
    let registry = registry_of_fn(|| Values { value: 2.0, absent: None });
    registry.encode(Format::Text, &mut buffer);
    assert_eq!(buffer, b"# HELP value Of no type.\n# TYPE value untyped\nvalue 2\n");
}

#[test]
fn foreign_samples_with_invalid_labels_are_dropped() {
    // The `prometheus` crate accepts a constant label with the name of a variable one.
    let opts = Opts::new("clashing", "Help.").const_label("a", "1");
    let clashing = IntCounterVec::new(opts, &["a"]).unwrap();
    clashing.with_label_values(&["2"]).inc();
    let reserved = IntCounterVec::new(Opts::new("reserved", "Help."), &["__x"]).unwrap();
    reserved.with_label_values(&["1"]).inc();
    let zoned = IntCounterVec::new(Opts::new("zoned", "Help."), &["zone"]).unwrap();
    zoned.with_label_values(&["b"]).inc();
    let sound = IntCounter::new("job:sound", "Help.").unwrap();
    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(clashing)).unwrap();
    foreign.register(Box::new(reserved)).unwrap();
    foreign.register(Box::new(zoned)).unwrap();
    foreign.register(Box::new(sound)).unwrap();
    let registry = Registry::new();
    registry.scope().const_label("zone", "a").register(foreign).unwrap();
    assert_eq!(
        exposition(&registry),
        "# HELP job:sound Help.\n# TYPE job:sound counter\njob:sound{zone=\"a\"} 0\n"
    );
}

#[test]
fn foreign_registry_with_an_invalid_prefix_or_label_is_refused() {
    let refusal = |prefix: &str, label: &'static str| {
        let foreign = prometheus::Registry::new();
        foreign.register(Box::new(IntCounter::new("a", "Help.").unwrap())).unwrap();
        let registry = Registry::new();
        let wrap = registry.scope().prefix(prefix).const_label(label, "1");
        wrap.register(foreign).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(refusal("x_", "x"), Ok(()));
    assert_eq!(
        refusal("5-", "x"),
        Err("collector `prometheus::Registry`: `5-a` is not a metric name: letters, digits and `_` \
             are accepted, but no leading digit"
            .to_owned())
    );
    assert_eq!(
        refusal("x_", "bad name"),
        Err("collector `prometheus::Registry`: `bad name` of `x_a` is not a label name: letters, \
             digits and `_` are accepted, but no leading digit, and `__` is reserved at the start"
            .to_owned())
    );
}

#[test]
fn foreign_metric_that_changes_its_type_is_dropped() {
    let foreign = prometheus::Registry::new();
    let gauge = prometheus::IntGauge::new("x", "Help.").unwrap();
    foreign.register(Box::new(gauge.clone())).unwrap();
    let registry = registry_of(foreign.clone());
    foreign.unregister(Box::new(gauge)).unwrap();
    let histogram = prometheus::Histogram::with_opts(HistogramOpts::new("x", "Help.")).unwrap();
    foreign.register(Box::new(histogram)).unwrap();
    assert_eq!(exposition(&registry), "");
}

#[test]
fn panic_removes_one_metric_of_a_foreign_registry() {
    struct Panicking;
    impl hello_exporter::collect::Describe for Panicking {
        fn describe(&self) -> Vec<hello_exporter::collect::Desc> {
            let desc = |name: &'static str| {
                hello_exporter::collect::Desc::new(
                    name,
                    "Help.",
                    hello_exporter::collect::MetricType::Gauge,
                )
            };
            vec![desc("bad"), desc("good")]
        }
    }
    impl hello_exporter::collect::Collect for Panicking {
        fn collect(&self, index: usize, encoder: &mut hello_exporter::collect::FamilyEncoder<'_>) {
            encoder.value(1);
            assert!(index == 1, "a fault");
        }
    }

    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(Shared(Arc::new(Panicking)))).unwrap();
    assert_eq!(gathered(&foreign), "# HELP good Help.\n# TYPE good gauge\ngood 1\n");
}

#[test]
fn struct_that_is_not_sync_compiles() {
    #[derive(Collector)]
    struct Local {
        /// A gauge.
        a: f64,
        #[metric(skip)]
        cache: std::cell::Cell<u8>,
    }

    let local = || Local { a: 1.0, cache: std::cell::Cell::new(0) };
    assert_eq!(local().cache.get(), 0);
    assert_eq!(exposition_of_fn(local), "# HELP a A gauge.\n# TYPE a gauge\na 1\n");
}

#[derive(Labels)]
struct Disk {
    device: &'static str,
}

#[derive(Collector)]
struct DiskCounts {
    /// Errors of a disk.
    errors_total: IntCounter,
    #[metric(help = "Operations of a disk.", labels = ["operation"])]
    operations_total: IntCounterVec,
}

#[test]
fn foreign_metrics_of_rows_have_the_labels_of_their_row() {
    let mut disks = Rows::<Disk, DiskCounts>::new();
    for (device, errors) in [("sda", 1), ("sdb", 2)] {
        let counts = DiskCounts::new();
        counts.errors_total.inc_by(errors);
        counts.operations_total.with_label_values(&["read"]).inc();
        disks.push(Disk { device }, counts);
    }
    assert_eq!(
        exposition_of(disks),
        "\
# HELP errors_total Errors of a disk.
# TYPE errors_total counter
errors_total{device=\"sda\"} 1
errors_total{device=\"sdb\"} 2
# HELP operations_total Operations of a disk.
# TYPE operations_total counter
operations_total{device=\"sda\",operation=\"read\"} 1
operations_total{device=\"sdb\",operation=\"read\"} 1
"
    );
}
