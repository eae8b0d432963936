//! Faults that other libraries have or had, each with a test that this one does not have it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::http::Metrics;
use hello_exporter::{Collector, Counter, CounterVec, Format, Gauge, Registry};
use hello_exporter_tests::http::{get, serve};
use hello_exporter_tests::{compiler_says, exposition, exposition_of, open_metrics, registry_of};

/// A handwritten collector with a function for each of its families.
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

/// Returns the message with which a family is refused.
fn refusal(desc: Desc) -> String {
    Registry::new().register(Hand(vec![(desc, |_| ())])).unwrap_err().to_string()
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
fn removal_distinguishes_label_values_that_concatenate_alike() {
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

// `prometheus` accepts a constant label with the name of a variable one, `__x`, and `le` on a
// histogram.

#[test]
fn constant_label_named_like_a_variable_one_is_refused() {
    let desc = gauge("g").with_labels(["x"]).with_const_labels([("x", "1")]);
    assert_eq!(refusal(desc), "collector `peers::Hand`: label `x` of `g` is given twice");
    assert!(compiler_says(
        "tokens/label_constant_and_variable",
        "label `x` is both constant and variable"
    ));
}

#[test]
fn registration_label_named_like_a_variable_one_is_refused() {
    let registry = Registry::new();
    let refused = registry.scope().const_label("x", "1").register(Pairs::new()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "collector `peers::Pairs`: label `x` of `pairs_total` is given twice"
    );
    assert_eq!(exposition(&registry), "");
}

#[test]
fn label_with_two_leading_underscores_is_refused() {
    let message = "collector `peers::Hand`: `__x` of `g` is not a label name: letters, digits and `_` \
                   are accepted, but no leading digit, and `__` is reserved at the start";
    assert_eq!(refusal(gauge("g").with_labels(["__x"])), message);
    assert_eq!(refusal(gauge("g").with_const_labels([("__x", "1")])), message);
    assert!(compiler_says(
        "tokens/label_reserved",
        "label `__name__` is reserved: `__` is for Prometheus itself"
    ));
}

#[test]
fn label_le_of_a_histogram_is_refused() {
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

// `prometheus` merges families that have the same name and different types.

#[test]
fn same_name_with_another_type_is_refused() {
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

// `prometheus`: a second collector with an empty `desc()` is refused with `AlreadyReg`; empty help
// is an error at run time.

#[test]
fn collector_without_families_is_registered_twice() {
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
fn empty_help_is_a_compile_error_and_accepted_at_run_time() {
    assert!(compiler_says("tokens/help_empty", "error: "));
    let desc = Desc::new("g", "", MetricType::Gauge);
    let silent = Hand(vec![(desc, |encoder| encoder.value(1))]);
    assert_eq!(exposition_of(silent), "# HELP g \n# TYPE g gauge\ng 1\n");
}

// `prometheus`: a panic in one collector takes down the whole gather. Go: it kills the process.

fn panics(_: &mut FamilyEncoder<'_>) {
    panic!("a secret at line {}", line!());
}

/// Returns a registry with three collectors. The second one panics before it writes its first
/// family, and after it writes its second family.
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
fn panic_in_one_collector_keeps_the_others() {
    let registry = with_panics();
    for _ in 0..2 {
        assert_eq!(exposition(&registry), WITHOUT_PANICS);
        assert_eq!(open_metrics(&registry), WITHOUT_PANICS.to_owned() + "# EOF\n");
    }
}

#[test]
fn panic_while_describing_keeps_the_registry_usable() {
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

// `prometheus-client`: a newline in a label value or in HELP forges lines. `aetos`: a newline in
// HELP does.

const FORGERY: &str = "\"} 1\nforged 2\r\n# TYPE forged gauge\n";

#[test]
fn newline_in_a_label_value_is_escaped() {
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
fn newline_in_help_is_escaped() {
    let desc = Desc::new("g", FORGERY, MetricType::Gauge);
    let registry = registry_of(Hand(vec![(desc, |encoder| encoder.value(1))]));
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
fn newline_in_an_exemplar_is_escaped() {
    #[derive(Collector)]
    struct Requests {
        /// Requests.
        requests_total: Counter,
    }

    let requests = Arc::new(Requests::new());
    let registry = registry_of(Arc::clone(&requests));
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
                 accepted, but no leading digit"
            )
        );
    }
    for label in ["", "5xx", "a-b", "a=\"b\"", "a\nb", "é", "a:b"] {
        assert_eq!(
            refusal(gauge("g").with_labels([label])),
            format!(
                "collector `peers::Hand`: `{label}` of `g` is not a label name: letters, digits and `_` \
                 are accepted, but no leading digit, and `__` is reserved at the start"
            )
        );
    }
    for case in ["name_empty", "name_with_colon", "name_with_dash", "name_with_digit_first"] {
        assert!(compiler_says(&format!("tokens/{case}"), "error: "), "{case}");
    }
}

#[test]
fn prefix_that_results_in_an_invalid_name_is_refused() {
    let refused = Registry::new().scope().prefix("my-").register(Pairs::new()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "collector `peers::Pairs`: `my-pairs_total` is not a metric name: letters, digits and `_` are \
         accepted, but no leading digit"
    );
}

// `metrics-exporter-prometheus`: its Content-Type lacks `version=0.0.4`. `prometheus_exporter`: no
// Content-Type at all; `/metrics?x=y` is a 404.

#[test]
fn content_type_has_the_version() {
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

// `prometric`: two structs with the same field name collide.

#[test]
fn same_field_name_in_two_structs_is_refused() {
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

    let registry = registry_of(Mail::new());
    let refused = registry.register(Print::new()).unwrap_err().to_string();
    let function = "peers::same_field_name_in_two_structs_is_refused";
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

// `vise`: duplicate labels and `le` are accepted.

#[test]
fn duplicate_labels_are_refused() {
    let message = "collector `peers::Hand`: label `x` of `g` is given twice";
    assert_eq!(refusal(gauge("g").with_labels(["x", "y", "x"])), message);
    assert_eq!(refusal(gauge("g").with_const_labels([("x", "1"), ("x", "2")])), message);
    assert!(compiler_says("tokens/label_twice", "error: label `x` is given twice"));
    assert!(compiler_says("labels/label_twice", "error: "));
    assert!(compiler_says("tokens/const_label_twice", "error: "));
}

// Go: one duplicate series or one bad label turns the whole scrape into HTTP 500.

#[test]
fn scrape_with_an_invalid_sample_succeeds() {
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

// Go: the text of an error is sent to the client.

#[test]
fn errors_and_stack_traces_are_not_on_the_wire() {
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
