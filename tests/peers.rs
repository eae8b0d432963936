//! Faults that other libraries have, or had, and this one must not: a test for each.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, Init, MetricType};
use hello_exporter::http::Metrics;
use hello_exporter::{
    Collector, Counter, CounterVec, Format, Gauge, GaugeVec, Histogram, HistogramVec, Registry,
};
use hello_exporter_tests::http::{get, serve};
use hello_exporter_tests::{exposition, exposition_of, exposition_of_fn, open_metrics};

/// A collector by hand, that writes to each of its families what it is told.
struct Hand(Vec<(Desc, Write)>);

type Write = fn(&mut FamilyEncoder<'_>);

impl Describe for Hand {
    fn describe(&self) -> Vec<Desc> {
        self.0.iter().map(|(desc, _)| desc.clone()).collect()
    }
}

impl Collect for Hand {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        let (_, write) = &self.0[index];
        write(encoder);
    }
}

fn gauge(name: &'static str) -> Desc {
    Desc::new(name, "Help.", MetricType::Gauge)
}

/// The words in which a family is refused.
fn refusal(desc: Desc) -> String {
    Registry::new().register(Hand(vec![(desc, |_| ())])).unwrap_err().to_string()
}

/// Whether the recorded message of a case in `ui` contains these words.
fn compiler_says(case: &str, words: &str) -> bool {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    assert!(ui.join(case).with_extension("rs").exists(), "{case}");
    std::fs::read_to_string(ui.join(case).with_extension("stderr")).unwrap().contains(words)
}

// `prometheus`: children of a vec are keyed by a hash of the concatenated label values.

#[derive(Collector)]
struct Pairs {
    #[metric(help = "Pairs.", labels = ["x", "y"])]
    pairs_total: CounterVec<2>,
}

#[test]
fn label_values_that_concatenate_alike_are_two_series() {
    let pairs = Pairs::new();
    pairs.pairs_total.with(["ab", "c"]).inc();
    pairs.pairs_total.with(["a", "bc"]).inc_by(2);
    pairs.pairs_total.with(["ab", "c"]).inc_by(4);
    pairs.pairs_total.with(["abc", ""]).inc_by(8);
    pairs.pairs_total.with(["", "abc"]).inc_by(16);
    assert_eq!(
        exposition_of(pairs),
        r#"# HELP pairs_total Pairs.
# TYPE pairs_total counter
pairs_total{x="ab",y="c"} 5
pairs_total{x="a",y="bc"} 2
pairs_total{x="abc",y=""} 8
pairs_total{x="",y="abc"} 16
"#
    );
}

#[test]
fn of_label_values_that_concatenate_alike_the_right_one_is_removed() {
    let pairs = Pairs::new();
    pairs.pairs_total.with(["ab", "c"]).inc();
    pairs.pairs_total.with(["a", "bc"]).inc_by(2);
    assert!(!pairs.pairs_total.remove(["abc", ""]));
    assert!(pairs.pairs_total.remove(["ab", "c"]));
    assert_eq!(
        exposition_of(pairs),
        r#"# HELP pairs_total Pairs.
# TYPE pairs_total counter
pairs_total{x="a",y="bc"} 2
"#
    );
}

// `prometheus`: a constant label with the name of a variable one, `__x`, and `le` on a histogram.

#[test]
fn a_constant_label_with_the_name_of_a_variable_one_is_refused() {
    let desc = gauge("g").with_labels(["x"]).with_const_labels([("x", "1")]);
    assert_eq!(refusal(desc), "collector `peers::Hand`: label `x` of `g` is given twice");
    assert!(compiler_says(
        "tokens/label_constant_and_variable",
        "label `x` is both constant and variable"
    ));
}

#[test]
fn a_constant_label_of_a_registration_with_the_name_of_a_variable_one_is_refused() {
    let registry = Registry::new();
    let refused = registry.scope().const_label("x", "1").register(Pairs::new()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "collector `peers::Pairs`: label `x` of `pairs_total` is given twice"
    );
    assert_eq!(exposition(&registry), "");
}

#[test]
fn a_label_that_begins_with_two_underscores_is_refused() {
    let message = "collector `peers::Hand`: `__x` of `g` is not a label name: letters, digits and `_` \
                   are accepted, a digit not first, and `__` is reserved at the start";
    assert_eq!(refusal(gauge("g").with_labels(["__x"])), message);
    assert_eq!(refusal(gauge("g").with_const_labels([("__x", "1")])), message);
    assert!(compiler_says(
        "tokens/label_reserved",
        "label `__name__` is reserved: `__` is for Prometheus itself"
    ));
}

#[test]
fn the_label_le_of_a_histogram_is_refused() {
    let histogram = || Desc::new("h", "Help.", MetricType::Histogram);
    let message =
        "collector `peers::Hand`: label `le` of `h` is reserved: every histogram writes it itself";
    assert_eq!(refusal(histogram().with_labels(["le"])), message);
    assert_eq!(refusal(histogram().with_const_labels([("le", "1")])), message);
    let message = "label `le` is reserved: every histogram writes it itself";
    assert!(compiler_says("constants/label_le_of_histogram", message));
    assert!(compiler_says("constants/label_le_constant", message));
    assert!(compiler_says("constants/label_struct_with_le", message));
}

// `prometheus`: duplicate series are exposed; the same name with another type merges into nonsense.

#[test]
fn duplicate_series_are_not_exposed() {
    #[derive(Collector)]
    struct Disks {
        #[metric(help = "Bytes free.", labels = ["disk"])]
        disk_free_bytes: Vec<(&'static str, u64)>,
    }

    let disks = || Disks { disk_free_bytes: vec![("sda", 1), ("sdb", 2), ("sda", 3), ("sdb", 4)] };
    assert_eq!(
        exposition_of_fn(disks),
        r#"# HELP disk_free_bytes Bytes free.
# TYPE disk_free_bytes gauge
disk_free_bytes{disk="sda"} 1
disk_free_bytes{disk="sdb"} 2
"#
    );
}

#[test]
fn the_same_name_with_another_type_is_refused() {
    let registry = Registry::new();
    let first = gauge("x").with_const_labels([("zone", "a")]);
    registry.register(Hand(vec![(first, |encoder| encoder.value(1))])).unwrap();
    let second = Desc::new("x", "Help.", MetricType::Counter).with_const_labels([("zone", "b")]);
    let refused = registry.register(Hand(vec![(second, |encoder| encoder.value(2))]));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "metric `x` of collector `peers::Hand` has type `counter`, but `gauge` in collector \
         `peers::Hand`; a family shared by two collectors must have the same type, help, unit and label \
         names"
    );
    assert_eq!(exposition(&registry), "# HELP x Help.\n# TYPE x gauge\nx{zone=\"a\"} 1\n");
}

// `prometheus`: a second collector with an empty `desc()` is refused with AlreadyReg; empty help is a
// run-time error.

#[test]
fn a_collector_without_families_can_be_registered_twice() {
    #[derive(Collector)]
    struct Empty {}

    let registry = Registry::new();
    for _ in 0..2 {
        registry.register(Hand(Vec::new())).unwrap();
        registry.register(Empty::new()).unwrap();
        registry.register(Arc::new(Empty::new())).unwrap();
        registry.register_fn(Empty::new).unwrap();
    }
    assert_eq!(exposition(&registry), "");
}

#[test]
fn an_empty_help_is_an_error_of_the_compiler_and_none_at_run_time() {
    assert!(compiler_says("tokens/help_empty", "error: "));
    let desc = Desc::new("g", "", MetricType::Gauge);
    let silent = Hand(vec![(desc, |encoder| encoder.value(1))]);
    assert_eq!(exposition_of(silent), "# HELP g \n# TYPE g gauge\ng 1\n");
}

// `prometheus`: `1e300` is written with 301 digits; untyped metrics hit `unimplemented!()`.

#[test]
fn large_floats_are_written_short() {
    #[derive(Collector)]
    struct Large {
        /// Large.
        large: f64,
        /// Negative.
        negative: f64,
        /// Small.
        small: f64,
    }

    assert_eq!(
        exposition_of_fn(|| Large { large: 1e300, negative: -1.5e300, small: 1e-300 }),
        "\
# HELP large Large.
# TYPE large gauge
large 1e+300
# HELP negative Negative.
# TYPE negative gauge
negative -1.5e+300
# HELP small Small.
# TYPE small gauge
small 1e-300
"
    );
}

#[test]
fn untyped_metrics_are_encoded() {
    #[derive(Collector)]
    struct Untyped {
        /// Whatever it is.
        #[metric(untyped)]
        whatever: f64,
    }

    let registry = Registry::new();
    registry.register_fn(|| Untyped { whatever: 0.5 }).unwrap();
    assert_eq!(
        exposition(&registry),
        "# HELP whatever Whatever it is.\n# TYPE whatever untyped\nwhatever 0.5\n"
    );
    assert_eq!(
        open_metrics(&registry),
        "# HELP whatever Whatever it is.\n# TYPE whatever unknown\nwhatever 0.5\n# EOF\n"
    );
}

#[test]
fn untyped_metrics_do_not_panic_in_a_registry_of_the_prometheus_crate() {
    #[derive(Collector)]
    struct Untyped {
        /// Whatever it is.
        #[metric(untyped)]
        whatever: f64,
    }

    let registry = prometheus::Registry::new();
    registry.register(Box::new(Untyped { whatever: 0.5 })).unwrap();
    let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    assert_eq!(text, "# HELP whatever Whatever it is.\n# TYPE whatever gauge\nwhatever 0.5\n");
}

// `prometheus`: a panic in one collector takes down the whole gather. Go: it kills the process.

fn panics(_: &mut FamilyEncoder<'_>) {
    panic!("a secret at line {}", line!());
}

/// A collector that panics, before and after it has written, between two that do not.
fn with_panics() -> Registry {
    let registry = Registry::new();
    let sound: Write = |encoder| encoder.value(1);
    let half: Write = |encoder| {
        encoder.value(2);
        panics(encoder);
    };
    registry.register(Hand(vec![(gauge("a"), sound)])).unwrap();
    registry
        .register(Hand(vec![(gauge("b"), panics), (gauge("c"), half), (gauge("d"), sound)]))
        .unwrap();
    registry.register(Hand(vec![(gauge("e"), sound)])).unwrap();
    registry
}

const WITHOUT_PANICS: &str = "\
# HELP a Help.
# TYPE a gauge
a 1
# HELP d Help.
# TYPE d gauge
d 1
# HELP e Help.
# TYPE e gauge
e 1
";

#[test]
fn a_panic_in_one_collector_leaves_the_others() {
    let registry = with_panics();
    for _ in 0..2 {
        assert_eq!(exposition(&registry), WITHOUT_PANICS);
        assert_eq!(open_metrics(&registry), WITHOUT_PANICS.to_owned() + "# EOF\n");
    }
}

#[test]
fn a_panic_while_describing_leaves_the_registry_usable() {
    struct Faulty;
    impl Describe for Faulty {
        fn describe(&self) -> Vec<Desc> {
            panic!("a fault");
        }
    }
    impl Collect for Faulty {
        fn collect(&self, _: usize, _: &mut FamilyEncoder<'_>) {}
    }

    let registry = with_panics();
    let clone = registry.clone();
    assert!(std::thread::spawn(move || clone.register(Faulty)).join().is_err());
    assert_eq!(exposition(&registry), WITHOUT_PANICS);
    registry.register(Hand(vec![(gauge("f"), |encoder| encoder.value(1))])).unwrap();
}

// `prometheus`: no absolute counters for collectors, no OpenMetrics.

#[derive(Collector)]
struct Absolute {
    /// Requests served.
    #[metric(counter)]
    requests_total: u64,

    #[metric(counter, help = "Bytes sent.", labels = ["device"])]
    sent_bytes_total: BTreeMap<&'static str, u64>,
}

#[test]
fn collectors_have_absolute_counters() {
    let registry = Registry::new();
    registry
        .register_fn(|| Absolute {
            requests_total: 7,
            sent_bytes_total: BTreeMap::from([("eth0", u64::MAX)]),
        })
        .unwrap();
    for _ in 0..2 {
        assert_eq!(
            exposition(&registry),
            r#"# HELP requests_total Requests served.
# TYPE requests_total counter
requests_total 7
# HELP sent_bytes_total Bytes sent.
# TYPE sent_bytes_total counter
sent_bytes_total{device="eth0"} 18446744073709551615
"#
        );
    }
}

#[test]
fn openmetrics_is_written() {
    let registry = Registry::new();
    registry.register_fn(Absolute::new).unwrap();
    assert_eq!(
        open_metrics(&registry),
        "# HELP requests Requests served.\n# TYPE requests counter\nrequests_total 0\n# EOF\n"
    );
}

// `prometheus-client`: a newline in a label value forges lines, and so does one in HELP. `aetos`: HELP.

const FORGERY: &str = "\"} 1\nforged 2\r\n# TYPE forged gauge\n";

#[test]
fn a_newline_in_a_label_value_forges_no_line() {
    #[derive(Collector)]
    struct Forged {
        #[metric(help = "Live.", labels = ["x"])]
        live_total: CounterVec<1>,

        #[metric(help = "Values.", labels = ["x"], const_labels(constant = FORGERY))]
        values: BTreeMap<&'static str, u8>,
    }

    let forged = Forged { values: BTreeMap::from([(FORGERY, 1)]), ..Forged::new() };
    forged.live_total.with([FORGERY]).inc();
    let registry = Registry::new();
    registry.scope().const_label("outer", FORGERY).register(forged).unwrap();
    let it = "\\\"} 1\\nforged 2\r\\n# TYPE forged gauge\\n";
    let expected = |counter: &str| {
        format!(
            "\
# HELP {counter} Live.
# TYPE {counter} counter
live_total{{outer=\"{it}\",x=\"{it}\"}} 1
# HELP values Values.
# TYPE values gauge
values{{constant=\"{it}\",outer=\"{it}\",x=\"{it}\"}} 1
"
        )
    };
    assert_eq!(exposition(&registry), expected("live_total"));
    assert_eq!(open_metrics(&registry), expected("live") + "# EOF\n");
}

#[test]
fn a_newline_in_help_forges_no_line() {
    let desc = Desc::new("g", FORGERY, MetricType::Gauge);
    let registry = Registry::new();
    registry.register(Hand(vec![(desc, |encoder| encoder.value(1))])).unwrap();
    assert_eq!(
        exposition(&registry),
        "# HELP g \"} 1\\nforged 2\r\\n# TYPE forged gauge\\n\n# TYPE g gauge\ng 1\n"
    );
    assert_eq!(
        open_metrics(&registry),
        "# HELP g \\\"} 1\\nforged 2\r\\n# TYPE forged gauge\\n\n# TYPE g gauge\ng 1\n# EOF\n"
    );
}

#[test]
fn a_newline_in_an_exemplar_forges_no_line() {
    #[derive(Collector)]
    struct Requests {
        /// Requests.
        requests_total: Counter,
    }

    let requests = Arc::new(Requests::new());
    let registry = Registry::new();
    registry.register(Arc::clone(&requests)).unwrap();
    requests.requests_total.inc_by_with_exemplar(1, &[("id", "\"} 1\n\\")]);
    let text = open_metrics(&registry);
    let (head, timestamp) = text.rsplit_once("} 1 ").unwrap();
    assert_eq!(
        head,
        "# HELP requests Requests.\n# TYPE requests counter\nrequests_total 1 # {id=\"\\\"} 1\\n\\\\\""
    );
    assert_eq!(timestamp.split_once('\n').unwrap().1, "# EOF\n");
}

// `prometheus-client`: duplicate and invalid names are accepted.

#[test]
fn duplicate_names_are_refused() {
    let registry = Registry::new();
    let refused = registry.register(Hand(vec![(gauge("g"), |_| ()), (gauge("g"), |_| ())]));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "metric `g` of collector `peers::Hand` is registered already, by collector `peers::Hand`"
    );
    assert_eq!(exposition(&registry), "");
    assert!(compiler_says("tokens/name_twice", "error: "));
}

#[test]
fn invalid_names_are_refused() {
    for name in ["", "5xx", "a-b", "a b", "a{b}", "a\nb", "é", "a:b"] {
        assert_eq!(
            refusal(gauge(name)),
            format!(
                "collector `peers::Hand`: `{name}` is not a metric name: letters, digits and `_` are \
                 accepted, and a digit not first"
            )
        );
    }
    for label in ["", "5xx", "a-b", "a=\"b\"", "a\nb", "é", "a:b"] {
        assert_eq!(
            refusal(gauge("g").with_labels([label])),
            format!(
                "collector `peers::Hand`: `{label}` of `g` is not a label name: letters, digits and `_` \
                 are accepted, a digit not first, and `__` is reserved at the start"
            )
        );
    }
    for case in ["name_empty", "name_with_colon", "name_with_dash", "name_with_digit_first"] {
        assert!(compiler_says(&format!("tokens/{case}"), "error: "), "{case}");
    }
}

#[test]
fn a_prefix_that_makes_an_invalid_name_is_refused() {
    let refused = Registry::new().scope().prefix("my-").register(Pairs::new()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "collector `peers::Pairs`: `my-pairs_total` is not a metric name: letters, digits and `_` are \
         accepted, and a digit not first"
    );
}

// `prometheus-client`: a guard held across an await, or a second use of the family, deadlocks.

#[derive(Collector)]
struct DynamicFamilies {
    #[metric(help = "Counts.", labels = ["x"])]
    counts_total: CounterVec<1>,

    #[metric(help = "Levels.", labels = ["x"])]
    levels: GaugeVec<1>,

    #[metric(help = "Sizes.", labels = ["x"], buckets = [1])]
    sizes: HistogramVec<1>,
}

/// Uses every family in every way.
fn use_all(families: &DynamicFamilies, registry: &Registry) {
    for value in ["a", "b", "c"] {
        families.counts_total.with([value]).inc_by_with_exemplar(1, &[("id", "1")]);
        families.levels.with([value]).inc();
        families.sizes.with([value]).observe_with_exemplar(0.5, &[("id", "1")]);
    }
    assert_eq!((families.counts_total.len(), families.counts_total.iter().count()), (3, 3));
    families.counts_total.remove(["a"]);
    families.levels.retain(|series| series.label("x").as_deref() != Some("b"));
    for format in [Format::Text, Format::OpenMetrics, Format::Protobuf] {
        registry.encode(format, &mut Vec::new());
    }
    families.counts_total.clear();
    families.levels.clear();
    families.sizes.clear();
}

fn families() -> (Arc<DynamicFamilies>, Registry) {
    let families = Arc::new(DynamicFamilies::new());
    let registry = Registry::new();
    registry.register(Arc::clone(&families)).unwrap();
    (families, registry)
}

#[test]
fn handles_and_guards_that_are_held_block_nothing() {
    let (families, registry) = families();
    let handle = families.counts_total.with(["a"]);
    let pinned = families.counts_total.with(["a"]).pin();
    let guard = families.levels.with(["a"]).inc_guard();
    let timer = families.sizes.with(["a"]).start_timer();
    handle.inc();
    pinned.inc();
    use_all(&families, &registry);
    handle.inc();
    pinned.inc();
    assert_eq!((handle.get(), pinned.get()), (2, 2));
    drop(guard);
    timer.discard();
    assert_eq!(
        exposition(&registry),
        r#"# HELP counts_total Counts.
# TYPE counts_total counter
counts_total{x="a"} 2
"#
    );
}

#[test]
fn views_and_iterators_that_are_held_block_nothing() {
    let (families, registry) = families();
    for value in ["a", "b", "c"] {
        families.counts_total.with([value]).inc();
        families.sizes.with([value]).observe(0.5);
    }
    let mut iterator = families.counts_total.iter();
    let view = iterator.next().unwrap();
    let histogram = families.sizes.iter().next().unwrap();
    use_all(&families, &registry);
    assert_eq!((view.label("x").as_deref(), view.get()), (Some("a"), 2));
    assert_eq!((histogram.label("x").as_deref(), histogram.count()), (Some("a"), 2));
    drop(iterator);
    assert_eq!(exposition(&registry), "");
}

#[test]
fn a_family_can_be_changed_in_a_loop_over_itself() {
    let (families, registry) = families();
    families.counts_total.with(["a"]).inc();
    for _ in families.counts_total.iter() {
        use_all(&families, &registry);
    }
    families.levels.with(["a"]).inc();
    families.levels.retain(|_| {
        use_all(&families, &registry);
        false
    });
    assert!(families.counts_total.is_empty() && families.levels.is_empty());
}

#[test]
fn a_collector_may_use_a_family_while_it_is_scraped() {
    struct Reentrant(Arc<DynamicFamilies>, Registry);
    impl Describe for Reentrant {
        fn describe(&self) -> Vec<Desc> {
            vec![gauge("reentrant")]
        }
    }
    impl Collect for Reentrant {
        fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
            use_all(&self.0, &self.1);
            encoder.value(1);
        }
    }

    let (families, other) = families();
    let registry = Registry::new();
    registry.register(Arc::clone(&families)).unwrap();
    registry.register(Reentrant(families, other)).unwrap();
    assert_eq!(
        exposition(&registry),
        "# HELP reentrant Help.\n# TYPE reentrant gauge\nreentrant 1\n"
    );
}

#[test]
fn handles_and_guards_are_held_across_an_await() {
    async fn request(families: &DynamicFamilies) {
        let requests = families.counts_total.with(["a"]);
        let pinned = families.counts_total.with(["a"]).pin();
        let _level = families.levels.with(["a"]).inc_guard();
        requests.inc();
        let mut is_second = false;
        std::future::poll_fn(|_| match std::mem::replace(&mut is_second, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        pinned.inc();
    }

    let (families, registry) = families();
    let (mut first, mut second) = (pin!(request(&families)), pin!(request(&families)));
    let mut context = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending());
    assert!(second.as_mut().poll(&mut context).is_pending());
    let levels = families.levels.with(["a"]);
    assert_eq!(levels.get(), 2.0);
    assert!(first.as_mut().poll(&mut context).is_ready());
    assert!(second.as_mut().poll(&mut context).is_ready());
    assert_eq!(
        exposition(&registry),
        r#"# HELP counts_total Counts.
# TYPE counts_total counter
counts_total{x="a"} 4
# HELP levels Levels.
# TYPE levels gauge
levels{x="a"} 0
"#
    );
}

// `metrics-exporter-prometheus`: its Content-Type lacks `version=0.0.4`; histograms grow without bound
// when nobody scrapes. `prometheus_exporter`: no Content-Type at all; `/metrics?x=y` is a 404.

#[test]
fn the_content_type_has_the_version() {
    assert_eq!(Format::default(), Format::Text);
    let content_types = [Format::Text, Format::OpenMetrics, Format::Protobuf];
    assert_eq!(
        content_types.map(Format::content_type),
        [
            "text/plain; version=0.0.4; charset=utf-8",
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
             encoding=delimited",
        ]
    );
    let server = serve(|config| {
        config.service(Metrics::new(with_panics()));
    });
    let response = get(server.address, "/metrics");
    assert_eq!(response.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
}

#[test]
fn metrics_with_a_query_are_served() {
    let server = serve(|config| {
        config.service(Metrics::new(with_panics()));
    });
    for path in ["/metrics", "/metrics?x=y", "/metrics?", "/metrics?x=y&x=z#fragment"] {
        let response = get(server.address, path);
        assert_eq!((response.status, &*response.body), (200, WITHOUT_PANICS), "{path}");
    }
}

#[test]
fn histograms_do_not_grow_when_nobody_scrapes() {
    let histogram = Histogram::default();
    let family = HistogramVec::new(["x"], &[0.1, 1.0]);
    let pinned = family.with(["a"]).pin();
    pinned.observe(0.0);
    let observe = || {
        for at in 0..1_000_000_u32 {
            histogram.observe(f64::from(at));
            pinned.observe(f64::from(at));
        }
        for at in 0..100_000_u32 {
            family.with(["a"]).observe(f64::from(at));
        }
    };
    assert_eq!(measure(observe).count_total, 0);
    assert_eq!((histogram.count(), pinned.count()), (1_000_000, 1_100_001));
}

// `aetos`: `le` is printed with three decimals, so that small buckets collide; `inf` for `+Inf`.

#[derive(Collector)]
struct Small {
    #[metric(help = "Small.", buckets = [0.00001, 0.0001, 0.0004, 0.0005, 0.001])]
    small_seconds: Histogram,
}

#[test]
fn small_buckets_do_not_collide() {
    let small = Small::new();
    small.small_seconds.observe(0.0004);
    assert_eq!(
        exposition_of(small),
        r#"# HELP small_seconds Small.
# TYPE small_seconds histogram
small_seconds_bucket{le="1e-05"} 0
small_seconds_bucket{le="0.0001"} 0
small_seconds_bucket{le="0.0004"} 1
small_seconds_bucket{le="0.0005"} 1
small_seconds_bucket{le="0.001"} 1
small_seconds_bucket{le="+Inf"} 1
small_seconds_sum 0.0004
small_seconds_count 1
"#
    );
}

#[test]
fn infinities_have_their_sign() {
    #[derive(Collector)]
    struct Infinite {
        #[metric(help = "Values.", labels = ["x"])]
        values: BTreeMap<u8, f64>,
    }

    let values = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN];
    let registry = Registry::new();
    registry.register_fn(move || Infinite { values: (0..).zip(values).collect() }).unwrap();
    let expected = "# HELP values Values.\n# TYPE values gauge\nvalues{x=\"0\"} +Inf\n\
                    values{x=\"1\"} -Inf\nvalues{x=\"2\"} NaN\nvalues{x=\"3\"} NaN\n";
    assert_eq!(exposition(&registry), expected);
    assert_eq!(open_metrics(&registry), expected.to_owned() + "# EOF\n");
}

// `metrics-derive`: takes the `name = "…"` of any attribute for help, that of `#[deprecated]` too.

#[test]
fn no_other_attribute_is_read_for_help_or_name() {
    #[derive(Collector)]
    struct Annotated {
        /// The help.
        #[doc(alias = "no_help")]
        #[allow(dead_code, reason = "no help")]
        #[deprecated(note = "no help")]
        annotated: f64,
    }

    assert_eq!(
        exposition_of_fn(Annotated::new),
        "# HELP annotated The help.\n# TYPE annotated gauge\nannotated 0\n"
    );
    assert!(compiler_says(
        "tokens/help_of_another_attribute",
        "error: no help: add a doc comment or `help = \"…\"`"
    ));
}

// `prometric`: two structs with the same field name collide; a wrong attribute panics the macro.

#[test]
fn two_structs_with_the_same_field_name_do_not_collide_silently() {
    #[derive(Collector)]
    struct Mail {
        /// Length of the queue.
        queue: Gauge,
    }
    #[derive(Collector)]
    struct Print {
        /// Length of the queue.
        queue: Gauge,
    }

    let registry = Registry::new();
    registry.register(Mail::new()).unwrap();
    let refused = registry.register(Print::new()).unwrap_err().to_string();
    let function = "peers::two_structs_with_the_same_field_name_do_not_collide_silently";
    assert_eq!(
        refused,
        format!(
            "metric `queue` of collector `{function}::Print` is registered already, by collector \
             `{function}::Mail`"
        )
    );
    registry.scope().prefix("print_").register(Print::new()).unwrap();
    assert_eq!(
        exposition(&registry),
        "\
# HELP print_queue Length of the queue.
# TYPE print_queue gauge
print_queue 0
# HELP queue Length of the queue.
# TYPE queue gauge
queue 0
"
    );
}

#[test]
fn no_attribute_panics_the_macro() {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    let groups = std::fs::read_dir(ui).unwrap().map(|group| group.unwrap().path());
    let cases = groups.flat_map(|group| std::fs::read_dir(group).unwrap());
    for case in cases.map(|case| case.unwrap().path()) {
        let text = std::fs::read_to_string(&case).unwrap();
        assert!(!text.contains("proc-macro derive panicked"), "{}", case.display());
    }
    for case in ["attribute_without_parentheses", "argument_unknown", "argument_without_value"] {
        assert!(compiler_says(&format!("tokens/{case}"), "error: "), "{case}");
    }
}

// `vise`: duplicate labels and `le` are accepted; only the first `#[metrics]` attribute is read.

#[test]
fn duplicate_labels_are_refused() {
    let message = "collector `peers::Hand`: label `x` of `g` is given twice";
    assert_eq!(refusal(gauge("g").with_labels(["x", "y", "x"])), message);
    assert_eq!(refusal(gauge("g").with_const_labels([("x", "1"), ("x", "2")])), message);
    assert!(compiler_says("tokens/label_twice", "error: label `x` is given twice"));
    assert!(compiler_says("labels/label_twice", "error: "));
    assert!(compiler_says("tokens/const_label_twice", "error: "));
}

#[test]
fn every_attribute_is_read_and_not_the_first_alone() {
    #[derive(Collector)]
    #[collector(namespace = "app")]
    #[collector(subsystem = "mail", const_labels(zone = "a"))]
    struct Attributes {
        #[metric(name = "sent_total")]
        #[metric(help = "Mails sent.")]
        #[metric(labels = ["to"])]
        sent: CounterVec<1>,
    }

    let attributes = Attributes::new();
    attributes.sent.with(["you"]).inc();
    assert_eq!(
        exposition_of(attributes),
        r#"# HELP app_mail_sent_total Mails sent.
# TYPE app_mail_sent_total counter
app_mail_sent_total{zone="a",to="you"} 1
"#
    );
}

// `prometheus-client` derive: drops generics.

#[test]
fn the_derive_keeps_generics() {
    #[derive(Collector)]
    struct Generic<T, const N: usize>
    where
        T: Init,
    {
        /// Whatever it is.
        generic: T,
        #[metric(help = "Pairs.", labels = ["x", "y"])]
        pairs_total: CounterVec<2>,
        #[metric(skip)]
        rest: [u8; N],
    }

    let generic = Generic::<Counter<f64>, 3>::new([0; 3]);
    generic.generic.inc_by(0.5);
    generic.pairs_total.with(generic.rest.first_chunk::<2>().unwrap().map(u32::from)).inc();
    assert_eq!(
        exposition_of(generic),
        r#"# HELP generic Whatever it is.
# TYPE generic counter
generic 0.5
# HELP pairs_total Pairs.
# TYPE pairs_total counter
pairs_total{x="0",y="0"} 1
"#
    );
}

// Go: one duplicate series or one bad label turns the whole scrape into HTTP 500.

#[test]
fn a_bad_sample_leaves_the_scrape_a_success() {
    let registry = with_panics();
    let bad: Write = |encoder| {
        encoder.sample(["one"], 1);
        encoder.sample(["one"], 2);
        encoder.sample(["one", "two"], 3);
        encoder.value(4);
        encoder.sample(["\u{0}\u{fffd}"], 5);
    };
    registry.register(Hand(vec![(gauge("f").with_labels(["x"]), bad)])).unwrap();
    let server = serve(move |config| {
        config.service(Metrics::new(registry.clone()));
    });
    let response = get(server.address, "/metrics");
    let f = "# HELP f Help.\n# TYPE f gauge\nf{x=\"one\"} 1\nf{x=\"\u{0}\u{fffd}\"} 5\n";
    assert_eq!((response.status, response.body), (200, WITHOUT_PANICS.to_owned() + f));
}

// Go: the text of an error is sent to whoever asks.

#[test]
fn neither_a_stack_trace_nor_the_text_of_an_error_is_on_the_wire() {
    let server = serve(|config| {
        config.service(Metrics::new(with_panics()));
    });
    for _ in 0..2 {
        let response = get(server.address, "/metrics");
        assert_eq!((response.status, &*response.body), (200, WITHOUT_PANICS));
        for (name, value) in response.headers {
            assert!(!value.contains("secret") && !value.contains("line"), "{name}: {value}");
        }
    }
}
