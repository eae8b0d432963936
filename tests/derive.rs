//! Expositions of derived structs.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use hello_exporter::collect::{Init, Metric, MetricType, ToSample};
use hello_exporter::{
    Collector, Counter, CounterVec, Format, Gauge, GaugeVec, Histogram, LabelValue, Labels,
    Registry, Rows, StateSet,
};
use hello_exporter_tests::{
    HELLO, assert_golden, exposition, exposition_of, exposition_of_fn, hello, registry_of,
};

#[test]
fn exposition_of_the_tutorial_is_stable() {
    assert_eq!(exposition_of(hello()), HELLO);
}

#[test]
fn counters_and_gauges_of_every_kind_are_exposed() {
    #[derive(Collector)]
    #[collector(namespace = "app", subsystem = "live", const_labels(zone = "a"))]
    struct Live {
        /// Counts.
        counter: Counter,
        /// Seconds.
        #[metric(name = "busy_seconds_total")]
        seconds: Counter<f64>,
        /// Level.
        gauge: Gauge,
        /// Exact.
        exact: Gauge<i64>,
        /// By two labels.
        #[metric(labels = ["x", "y"])]
        counters: CounterVec<2>,
        /// Seconds by label.
        #[metric(labels = ["x"])]
        seconds_by: CounterVec<1, f64>,
        /// Levels.
        #[metric(labels = ["x"], const_labels("kind" = "float"))]
        gauges: GaugeVec<1>,
        /// Exact levels.
        #[metric(labels = ["x"])]
        exact_by: GaugeVec<1, i64>,
    }

    let live = Arc::new(Live::new());
    live.counter.inc();
    live.seconds.inc_by(0.25);
    live.seconds.inc_by(-1.0);
    live.seconds.inc_by(f64::NAN);
    live.gauge.set(-1.5);
    live.exact.set(i64::MIN);
    live.counters.with(["1", "2"]).inc_by(u64::MAX);
    live.counters.with(["2", "1"]).init();
    live.seconds_by.with(["s"]).inc_by(1e300);
    live.gauges.with(["up"]).inc();
    live.gauges.with(["down"]).dec();
    live.exact_by.with(["a"]).add(5);
    live.exact_by.with(["a"]).sub(7);
    assert_eq!(live.exact_by.with(["never"]).get(), 0);
    assert_golden("expositions/live_metrics.txt", &exposition_of(live));
}

#[test]
fn plain_values_and_maps_are_exposed() {
    #[derive(Collector)]
    struct Values<'a> {
        /// An integer.
        a_u64: u64,
        /// A negative integer.
        b_i8: i8,
        /// A float.
        c_f64: f64,
        /// A condition.
        d_bool: bool,
        /// A duration in seconds.
        e_duration: Duration,
        /// A moment in Unix seconds.
        f_time: SystemTime,
        /// An atomic.
        g_atomic: AtomicI32,
        /// There.
        h_some: Option<u32>,
        /// Not there: no HELP either.
        i_none: Option<u32>,
        /// Borrowed.
        j_borrowed: &'a u16,
        /// Shared.
        k_shared: Arc<AtomicU64>,
        #[metric(counter, help = "By one label.", labels = ["x"])]
        l_map_total: BTreeMap<&'a str, u64>,
        #[metric(untyped, help = "By two labels.", labels = ["x", "y"])]
        m_map: HashMap<(String, u16), Option<f64>>,
        #[metric(gauge, help = "By an array.", labels = ["x", "y"])]
        n_map: BTreeMap<[bool; 2], Duration>,
    }

    let shared = Arc::new(AtomicU64::new(0));
    let values = Values {
        a_u64: 1,
        b_i8: -1,
        c_f64: 0.1,
        d_bool: true,
        e_duration: Duration::from_millis(1500),
        f_time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250),
        g_atomic: AtomicI32::new(-7),
        h_some: Some(3),
        i_none: None,
        j_borrowed: &9,
        k_shared: Arc::clone(&shared),
        l_map_total: BTreeMap::from([("p", 1), ("q", 2)]),
        m_map: HashMap::from([(("a".to_owned(), 80), Some(0.5)), (("b".to_owned(), 81), None)]),
        n_map: BTreeMap::from([([true, false], Duration::from_secs(60))]),
    };
    shared.store(4, Ordering::Relaxed);
    assert_golden("expositions/values.txt", &exposition_of(values));
}

#[test]
fn new_returns_initial_values() {
    #[derive(Collector)]
    struct Initial {
        /// A gauge.
        gauge: Gauge,
        /// A number.
        number: u8,
        /// Nothing yet.
        nothing: Option<f64>,
        /// No series yet.
        #[metric(labels = ["x"])]
        map: BTreeMap<String, u64>,
        /// No series yet either.
        #[metric(labels = ["x"])]
        family: CounterVec<1>,
        /// Shared.
        shared: Arc<Gauge>,
    }

    assert_eq!(
        exposition_of(Initial::new()),
        "\
# HELP gauge A gauge.
# TYPE gauge gauge
gauge 0
# HELP number A number.
# TYPE number gauge
number 0
# HELP shared Shared.
# TYPE shared gauge
shared 0
"
    );
}

#[test]
fn skipped_fields_are_parameters_of_new() {
    #[derive(Collector)]
    struct Skipping {
        #[metric(skip)]
        first: String,
        /// A gauge.
        gauge: Gauge,
        #[metric(skip)]
        second: Vec<u8>,
    }

    let skipping = Skipping::new("one".to_owned(), vec![2]);
    assert_eq!((skipping.first.as_str(), skipping.second.as_slice()), ("one", &[2][..]));
    assert_eq!(exposition_of(skipping), "# HELP gauge A gauge.\n# TYPE gauge gauge\ngauge 0\n");
}

#[test]
fn kinds_follow_from_the_trait_not_the_spelling() {
    mod elsewhere {
        pub(crate) type Meter = hello_exporter::CounterVec<1>;
        /// Not the `prometheus` crate's, nor ours.
        pub(crate) struct Histogram(pub(crate) f64);
    }

    impl Metric for elsewhere::Histogram {
        const TYPE: Option<MetricType> = Some(MetricType::Gauge);
        const LABELS: hello_exporter::collect::LabelShape =
            hello_exporter::collect::LabelShape::None;
        type Making = hello_exporter::collect::Borrowed;

        fn collect(&self, encoder: &mut hello_exporter::collect::FamilyEncoder<'_>) {
            encoder.value(self.0);
        }
    }

    type Counter = hello_exporter::Gauge<i64>;

    #[derive(Collector)]
    #[collector(no_new)]
    struct Aliased {
        /// A gauge called Counter.
        a: Counter,
        /// A counter called Meter.
        #[metric(labels = ["x"])]
        b: elsewhere::Meter,
        /// A gauge called Histogram.
        c: elsewhere::Histogram,
    }

    let aliased =
        Aliased { a: Gauge::default(), b: CounterVec::new(["x"]), c: elsewhere::Histogram(0.5) };
    aliased.a.set(-1);
    aliased.b.with(["y"]).inc();
    assert_eq!(
        exposition_of(aliased),
        "\
# HELP a A gauge called Counter.
# TYPE a gauge
a -1
# HELP b A counter called Meter.
# TYPE b counter
b{x=\"y\"} 1
# HELP c A gauge called Histogram.
# TYPE c gauge
c 0.5
"
    );
}

#[test]
fn generics_lifetimes_and_where_clauses_work() {
    #[derive(Collector)]
    #[collector(namespace = "pair")]
    struct Pair<'a, T: Metric, V, const N: usize>
    where
        V: ToSample + Copy,
    {
        /// Generic.
        generic: &'a T,
        /// Sized.
        #[metric(labels = ["x"])]
        map: BTreeMap<&'a str, V>,
        #[metric(skip)]
        unused: [u8; N],
    }

    #[derive(Collector)]
    struct Owned<T: Init> {
        /// Generic and made by `new`.
        owned: T,
    }

    static GAUGE: Gauge = Gauge::new();
    let pair = Pair { generic: &GAUGE, map: BTreeMap::from([("y", 5_u8)]), unused: [0; 3] };
    assert_eq!(pair.unused.len(), 3);
    let registry = registry_of(pair);
    registry.register(Owned::<Counter>::new()).unwrap();
    assert_eq!(
        exposition(&registry),
        "\
# HELP owned Generic and made by `new`.
# TYPE owned counter
owned 0
# HELP pair_generic Generic.
# TYPE pair_generic gauge
pair_generic 0
# HELP pair_map Sized.
# TYPE pair_map gauge
pair_map{x=\"y\"} 5
"
    );
}

#[test]
fn doc_comments_of_several_paragraphs_are_joined() {
    #[derive(Collector)]
    struct Documented {
        /// First line,
        /// second line.
        ///
        /// Second   paragraph with a `\`.
        a: f64,
        /// A doc comment that `help` replaces.
        #[metric(help = "Given.")]
        b: f64,
        #[doc = "An attribute."]
        c: f64,
    }

    assert_eq!(
        exposition_of_fn(Documented::new),
        "\
# HELP a First line, second line. Second paragraph with a `\\\\`.
# TYPE a gauge
a 0
# HELP b Given.
# TYPE b gauge
b 0
# HELP c An attribute.
# TYPE c gauge
c 0
"
    );
}

#[test]
fn constants_are_constant_labels() {
    const REGION: &str = "eu";

    #[derive(Collector)]
    #[collector(const_labels(region = REGION, r#type = concat!("a", "b")))]
    struct Constants {
        /// A gauge.
        #[metric(const_labels("package" = env!("CARGO_PKG_NAME"), match = "x"))]
        a: f64,
    }

    assert_eq!(
        exposition_of_fn(Constants::new),
        "\
# HELP a A gauge.
# TYPE a gauge
a{region=\"eu\",type=\"ab\",package=\"hello_exporter_tests\",match=\"x\"} 0
"
    );
}

#[test]
fn raw_identifiers_lose_their_prefix() {
    #[derive(Collector)]
    struct Raw {
        /// A keyword.
        r#type: f64,
    }

    assert_eq!(exposition_of_fn(Raw::new), "# HELP type A keyword.\n# TYPE type gauge\ntype 0\n");
}

#[test]
fn two_attributes_on_one_field_are_both_read() {
    #[derive(Collector)]
    struct Twice {
        #[metric(name = "renamed")]
        #[metric(help = "Help.", labels = ["x"])]
        field: BTreeMap<String, u8>,
    }

    let twice = || Twice { field: BTreeMap::from([("y".to_owned(), 1)]) };
    assert_eq!(
        exposition_of_fn(twice),
        "# HELP renamed Help.\n# TYPE renamed gauge\nrenamed{x=\"y\"} 1\n"
    );
}

#[test]
fn expansion_ignores_names_in_scope() {
    #![allow(non_upper_case_globals, dead_code)]
    const index: usize = 7;
    const encoder: u8 = 0;
    struct Option;
    struct Vec;
    trait Metric {}

    #[derive(Collector)]
    struct Shadowed {
        /// A gauge.
        #[metric(gauge)]
        value: f64,
    }

    assert_eq!(
        exposition_of_fn(Shadowed::new),
        "# HELP value A gauge.\n# TYPE value gauge\nvalue 0\n"
    );
}

#[test]
fn row_labels_come_before_labels_of_the_metrics() {
    #[derive(Labels)]
    struct Disk {
        device: &'static str,
        bus: u8,
    }

    #[derive(LabelValue)]
    enum Power {
        On,
        Sleeping,
    }

    #[derive(Collector)]
    struct Partitions {
        /// Bytes.
        #[metric(labels = ["partition"])]
        partition_bytes: Vec<(&'static str, Option<u64>)>,
    }

    #[derive(Collector)]
    struct Live {
        /// Reads.
        #[metric(const_labels(of = "disk"))]
        reads_total: Counter,

        /// Writes.
        #[metric(labels = ["size"])]
        writes_total: CounterVec<1>,

        /// Seconds.
        #[metric(buckets = [1])]
        wait_seconds: Histogram,

        /// Power.
        power: StateSet<Power>,

        #[metric(flatten, prefix = "of_")]
        partitions: Rows<Half, Partitions>,
    }

    #[derive(Labels)]
    struct Half {
        half: &'static str,
    }

    #[derive(Collector)]
    #[collector(namespace = "disk", const_labels(host = "h"))]
    struct Disks {
        #[metric(flatten)]
        disks: Rows<Disk, Live>,
    }

    let mut disks = Disks::new();
    for (device, reads) in [("a\"", 1), ("b", 2), ("b", 3)] {
        let mut live = Live::new();
        live.reads_total.inc_by(reads);
        live.writes_total.with(["4\\k"]).inc();
        live.wait_seconds.observe(0.5);
        live.power.set(if reads == 1 { Power::On } else { Power::Sleeping });
        let sizes = Partitions { partition_bytes: vec![("1", Some(reads)), ("2", None)] };
        live.partitions.push(Half { half: "left" }, sizes);
        disks.disks.push(Disk { device, bus: 7 }, live);
    }
    let registry = registry_of(disks);
    assert_golden("expositions/rows.txt", &exposition(&registry));
    for format in [Format::OpenMetrics, Format::Protobuf] {
        registry.encode(format, &mut Vec::new());
    }
}

#[test]
fn repeated_row_label_is_refused() {
    #[derive(Labels)]
    struct Disk {
        device: &'static str,
    }

    #[derive(Collector)]
    struct Sizes {
        #[metric(help = "Bytes.", labels = ["device"])]
        size_bytes: Vec<(&'static str, u64)>,
    }

    let rows = || -> Rows<Disk, Sizes> {
        [(Disk { device: "a" }, Sizes { size_bytes: Vec::new() })].into_iter().collect()
    };
    assert_eq!(
        Registry::new().register_fn(rows).unwrap_err().to_string(),
        "collector `hello_exporter::metric::rows::Rows<derive::repeated_row_label_is_refused::Disk, \
         derive::repeated_row_label_is_refused::Sizes>`: label `device` of `size_bytes` is given \
         twice"
    );
}
