//! Registrations that a registry refuses, with its messages, and those that it accepts.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::sync::Arc;

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::{Collector, Counter, CounterVec, Gauge, GaugeVec, Histogram, Registry};
use hello_exporter_tests::exposition;

/// A handwritten collector of these families.
struct Hand(Vec<Desc>);

impl Describe for Hand {
    fn describe(&self) -> Vec<Desc> {
        self.0.clone()
    }
}

impl Collect for Hand {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        let labels = encoder.desc().labels().len();
        match labels {
            0 => encoder.value(1),
            _ => encoder.sample(["v"], 1),
        }
    }
}

fn gauge(name: &'static str) -> Desc {
    Desc::new(name, "Help.", MetricType::Gauge)
}

/// Returns the message with which the second of two collectors is refused.
fn refusal(first: Vec<Desc>, second: Vec<Desc>) -> String {
    let registry = Registry::new();
    registry.register(Hand(first)).unwrap();
    let before = exposition(&registry);
    let error = registry.register(Hand(second)).unwrap_err().to_string();
    assert_eq!(exposition(&registry), before, "nothing of a refused collector is registered");
    error
}

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: Gauge,
}

#[derive(Collector)]
struct Other {
    /// Display a.
    a: f64,
}

#[test]
fn arc_registered_twice_is_refused() {
    let registry = Registry::new();
    let hello = Arc::new(Hello::new());
    registry.register(Arc::clone(&hello)).unwrap();
    assert_eq!(
        registry.register(hello).unwrap_err().to_string(),
        "collector `registration::Hello` is registered already"
    );
}

#[test]
fn refusal_of_the_same_name_names_both_collectors() {
    let registry = Registry::new();
    registry.register(Hello::new()).unwrap();
    assert_eq!(
        registry.register_fn(Other::new).unwrap_err().to_string(),
        "metric `a` of collector `registration::Other` is registered already, by collector \
         `registration::Hello`"
    );
    assert_eq!(
        registry.register_fn(|| Other { a: 1.0 }).unwrap_err().to_string(),
        "metric `a` of collector `registration::Other` is registered already, by collector \
         `registration::Hello`"
    );
    let labelled = || registry.scope().const_label("x", "\"").register_fn(Other::new);
    assert!(labelled().unwrap_err().to_string().contains("has constant labels"));
}

#[test]
fn same_constant_labels_are_refused_in_any_order() {
    let first = gauge("g").with_const_labels([("x", "1"), ("y", "2")]);
    let second = gauge("g").with_const_labels([("y", "2"), ("x", "1")]);
    assert_eq!(
        refusal(vec![first], vec![second]),
        "metric `g{y=\"2\",x=\"1\"}` of collector `registration::Hand` is registered already, by \
         collector `registration::Hand`"
    );
}

#[test]
fn same_name_with_another_type_help_or_labels_is_refused() {
    let first = || vec![gauge("g").with_const_labels([("x", "1")])];
    let other = |desc: Desc| refusal(first(), vec![desc.with_const_labels([("x", "2")])]);
    let advice = "in collector `registration::Hand`; a family shared by two collectors must have \
                  the same type, help, unit and label names";
    assert_eq!(
        other(Desc::new("g", "Help.", MetricType::Counter)),
        format!(
            "metric `g` of collector `registration::Hand` has type `counter`, but `gauge` {advice}"
        )
    );
    assert_eq!(
        other(Desc::new("g", "Aid.", MetricType::Gauge)),
        format!(
            "metric `g` of collector `registration::Hand` has help \"Aid.\", but \"Help.\" {advice}"
        )
    );
    assert_eq!(
        other(gauge("g").with_labels(["y"])),
        format!("metric `g` of collector `registration::Hand` has labels [\"y\"], but [] {advice}")
    );
    assert_eq!(
        refusal(first(), vec![gauge("g").with_const_labels([("y", "1")])]),
        format!(
            "metric `g` of collector `registration::Hand` has constant labels [\"y\"], but [\"x\"] {advice}"
        )
    );
}

#[test]
fn names_written_by_another_family_are_refused() {
    let error = |metric: &str, other: &str, exposed: &str| {
        format!(
            "metric `{metric}` of collector `registration::Hand` clashes with metric `{other}` of \
             collector `registration::Hand`: both expose `{exposed}`"
        )
    };
    let histogram = || vec![Desc::new("h", "Help.", MetricType::Histogram)];
    assert_eq!(refusal(histogram(), vec![gauge("h_count")]), error("h_count", "h", "h_count"));
    assert_eq!(refusal(vec![gauge("h_bucket")], histogram()), error("h", "h_bucket", "h_bucket"));
    let summary = Desc::new("s", "Help.", MetricType::Summary);
    assert_eq!(refusal(vec![summary], vec![gauge("s_sum")]), error("s_sum", "s", "s_sum"));
    let counter = Desc::new("c_total", "Help.", MetricType::Counter);
    assert_eq!(refusal(vec![counter], vec![gauge("c")]), error("c", "c_total", "c"));
}

#[test]
fn invalid_names_are_refused() {
    let refusal = |desc| Registry::new().register(Hand(vec![desc])).unwrap_err().to_string();
    let hand = "collector `registration::Hand`: ";
    for name in ["", "5xx", "a-b", "a:b", "é"] {
        assert_eq!(
            refusal(gauge(name)),
            format!(
                "{hand}`{name}` is not a metric name: letters, digits and `_` are accepted, but no \
                 leading digit"
            )
        );
    }
    for label in ["", "5xx", "a-b", "a:b", "__name__"] {
        assert_eq!(
            refusal(gauge("g").with_labels([label])),
            format!(
                "{hand}`{label}` of `g` is not a label name: letters, digits and `_` are accepted, but no \
                 leading digit, and `__` is reserved at the start"
            )
        );
    }
    assert_eq!(
        refusal(gauge("g").with_labels(["x", "x"])),
        format!("{hand}label `x` of `g` is given twice")
    );
    assert_eq!(
        refusal(gauge("g").with_labels(["x"]).with_const_labels([("x", "1")])),
        format!("{hand}label `x` of `g` is given twice")
    );
    assert_eq!(
        refusal(Desc::new("h", "Help.", MetricType::Histogram).with_labels(["le"])),
        format!("{hand}label `le` of `h` is reserved: every histogram writes it itself")
    );
    assert_eq!(
        refusal(
            Desc::new("s", "Help.", MetricType::Summary).with_const_labels([("quantile", "1")])
        ),
        format!("{hand}label `quantile` of `s` is reserved: every summary writes it itself")
    );
    assert_eq!(
        refusal(gauge("g").with_const_labels([("x", "1"), ("x", "2")])),
        format!("{hand}label `x` of `g` is given twice")
    );
}

#[test]
fn collector_that_clashes_with_itself_is_refused() {
    let registry = Registry::new();
    let twice = Hand(vec![gauge("g"), gauge("g")]);
    assert_eq!(
        registry.register(twice).unwrap_err().to_string(),
        "metric `g` of collector `registration::Hand` is registered already, by collector \
         `registration::Hand`"
    );
    assert_eq!(exposition(&registry), "");
}

#[test]
fn field_unlike_its_declaration_is_refused() {
    #[derive(Collector)]
    #[collector(no_new)]
    struct Mislabelled {
        #[metric(help = "Help.", labels = ["path"])]
        by_path: CounterVec<1>,
    }

    let mislabelled = Mislabelled { by_path: CounterVec::new(["hostname"]) };
    assert_eq!(
        Registry::new().register(mislabelled).unwrap_err().to_string(),
        "collector `registration::field_unlike_its_declaration_is_refused::Mislabelled`: \
         field of metric `by_path` was made with labels [\"hostname\"], but declares [\"path\"]"
    );
}

#[test]
fn collectors_share_a_family_when_their_constant_labels_differ() {
    #[derive(Collector)]
    struct Pool {
        #[metric(help = "Connections.", labels = ["state"])]
        connections: GaugeVec<1>,
    }

    let registry = Registry::new();
    for pool in ["read", "write"] {
        let metrics = Pool::new();
        metrics.connections.with(["idle"]).set(3.0);
        registry.scope().prefix("db_").const_label("pool", pool).register(metrics).unwrap();
    }
    registry.register(Pool::new()).unwrap();
    assert_eq!(
        exposition(&registry),
        "\
# HELP db_connections Connections.
# TYPE db_connections gauge
db_connections{pool=\"read\",state=\"idle\"} 3
db_connections{pool=\"write\",state=\"idle\"} 3
"
    );
}

#[test]
fn arc_is_registered_under_several_labels() {
    let registry = Registry::new();
    let hello = Arc::new(Hello::new());
    for instance in ["one", "two"] {
        let wrap = registry.scope().const_label("instance", instance);
        wrap.register(Arc::clone(&hello)).unwrap();
    }
    hello.a.set(4.0);
    assert_eq!(
        exposition(&registry),
        "# HELP a Display a.\n# TYPE a gauge\na{instance=\"one\"} 4\na{instance=\"two\"} 4\n"
    );
}

#[test]
fn unregistered_name_is_free() {
    let registry = Registry::new();
    let id = registry.register(Hello::new()).unwrap();
    let other = registry.scope().prefix("other_").register(Hello::new()).unwrap();
    assert!(registry.unregister(id));
    assert!(!registry.unregister(id));
    assert_eq!(
        exposition(&registry),
        "# HELP other_a Display a.\n# TYPE other_a gauge\nother_a 0\n"
    );
    registry.register_fn(|| Other { a: 2.0 }).unwrap();
    assert!(registry.unregister(other));
    assert_eq!(exposition(&registry), "# HELP a Display a.\n# TYPE a gauge\na 2\n");
}

/// OpenMetrics derives `a_created` from a counter `a_total`, but from no histogram `a_total`, and
/// `b_total_created` from no counter `b_total`.
#[test]
fn names_that_no_format_derives_are_accepted() {
    #[derive(Collector)]
    struct Named {
        /// A histogram.
        a_total: Histogram,
        /// Not a sample of the histogram.
        a_created: Gauge,
        /// A counter.
        b_total: Counter,
        /// Not a sample of the counter.
        b_total_created: Gauge,
    }

    Registry::new().register(Named::new()).unwrap();
}
