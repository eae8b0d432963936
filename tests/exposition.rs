//! A scrape as a whole: escaping, repeated series, and panics that it survives.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::{Collector, CounterVec, Format, Gauge, Registry};
use hello_exporter_tests::{
    exposition, exposition_of, exposition_of_fn, parse, promtool, registry_of, registry_of_fn,
};

/// Label values that are easily escaped wrongly.
const NASTY: &[&str] = &[
    "",
    "\"",
    "\\",
    "\n",
    "\\n",
    "\\\\",
    "\"} 1\nforged 2\n",
    "a=\"b\",c=\"d\"",
    "{}, #",
    " leading and trailing ",
    "tab\tand\rreturn",
    "😀 émoji ﷽",
    "\u{7f}\u{80}\u{2028}",
];

#[derive(Collector)]
struct Nasty {
    #[metric(help = "Back\\slash, \"quotes\",\nand a newline.", labels = ["first", "second"])]
    live_total: CounterVec<2>,

    #[metric(help = "Values.", labels = ["first"], const_labels(constant = "\"\\\n"))]
    values: BTreeMap<String, u64>,
}

fn nasty() -> Nasty {
    let nasty = Nasty::new();
    for (at, value) in (1..).zip(NASTY) {
        nasty.live_total.with([*value, "plain"]).inc_by(at);
        nasty.live_total.with(["plain", *value]).inc_by(100 + at);
    }
    let values = (1..).zip(NASTY).map(|(at, value)| ((*value).to_owned(), at));
    Nasty { values: values.collect(), ..nasty }
}

#[test]
fn labels_are_escaped() {
    let nasty = Nasty::new();
    nasty.live_total.with(["a\"b\\c\nd", ""]).inc();
    assert_eq!(
        exposition_of(nasty),
        r#"# HELP live_total Back\\slash, "quotes",\nand a newline.
# TYPE live_total counter
live_total{first="a\"b\\c\nd",second=""} 1
"#
    );
}

#[test]
fn label_values_are_read_back_by_an_independent_parser() {
    let families = parse(&exposition_of(nasty()));
    let [live, values] = &families[..] else { panic!("two families: {families:?}") };

    assert_eq!(live.help, "Back\\slash, \"quotes\",\nand a newline.");
    let read: BTreeMap<_, _> = live
        .samples
        .iter()
        .map(|sample| {
            (sample.labels["first"].clone() + "|" + &sample.labels["second"], sample.value)
        })
        .collect();
    let mut written = BTreeMap::new();
    for (at, value) in (1..).zip(NASTY) {
        written.insert(format!("{value}|plain"), f64::from(at));
        written.insert(format!("plain|{value}"), f64::from(100 + at));
    }
    assert_eq!(read, written);

    let read: BTreeMap<_, _> = values
        .samples
        .iter()
        .map(|sample| (sample.labels["first"].clone(), sample.value))
        .collect();
    let written: BTreeMap<_, _> =
        (1..).zip(NASTY).map(|(at, value)| ((*value).to_owned(), f64::from(at))).collect();
    assert_eq!(read, written);
    assert!(values.samples.iter().all(|sample| sample.labels["constant"] == "\"\\\n"));
}

#[test]
fn promtool_accepts_the_exposition() {
    assert_eq!(promtool(&exposition_of(nasty())), "");
}

/// A collector whose first family is faulty and whose second one is not.
struct Faulty {
    panics: bool,
}

impl Describe for Faulty {
    fn describe(&self) -> Vec<Desc> {
        let desc = |name: &'static str| Desc::new(name, "Help.", MetricType::Gauge);
        vec![desc("faulty").with_labels(["x"]), desc("sound").with_labels(["x"])]
    }
}

impl Collect for Faulty {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.sample(["one"], 1_u8);
        if index == 0 {
            assert!(!self.panics, "a fault");
            encoder.sample(["one"], 2_u8);
            encoder.sample(["one", "more"], 3_u8);
            encoder.value(4_u8);
        }
        encoder.sample(["two"], 5_u8);
    }
}

#[test]
fn panic_removes_only_its_own_family() {
    let registry = registry_of(Faulty { panics: true });
    assert_eq!(
        exposition(&registry),
        "\
# HELP sound Help.
# TYPE sound gauge
sound{x=\"one\"} 1
sound{x=\"two\"} 5
"
    );
}

#[test]
fn panic_in_a_shared_family_removes_only_its_own_samples() {
    let registry = Registry::new();
    for (instance, panics) in [("a", true), ("b", false)] {
        registry.scope().const_label("instance", instance).register(Faulty { panics }).unwrap();
    }
    assert_eq!(
        exposition(&registry),
        "\
# HELP faulty Help.
# TYPE faulty gauge
faulty{instance=\"b\",x=\"one\"} 1
faulty{instance=\"b\",x=\"two\"} 5
# HELP sound Help.
# TYPE sound gauge
sound{instance=\"a\",x=\"one\"} 1
sound{instance=\"a\",x=\"two\"} 5
sound{instance=\"b\",x=\"one\"} 1
sound{instance=\"b\",x=\"two\"} 5
"
    );
}

#[test]
fn panic_in_a_function_removes_only_its_metrics() {
    #[derive(Collector)]
    struct Made {
        /// A gauge.
        made: f64,
    }
    #[derive(Collector)]
    struct Live {
        /// A gauge.
        live: Gauge,
    }

    let registry = registry_of_fn(|| -> Made { panic!("a fault") });
    registry.register(Live::new()).unwrap();
    assert_eq!(exposition(&registry), "# HELP live A gauge.\n# TYPE live gauge\nlive 0\n");
}

#[test]
fn repeated_label_set_keeps_the_first_sample() {
    assert_eq!(
        exposition_of(Faulty { panics: false }),
        "\
# HELP faulty Help.
# TYPE faulty gauge
faulty{x=\"one\"} 1
faulty{x=\"two\"} 5
# HELP sound Help.
# TYPE sound gauge
sound{x=\"one\"} 1
sound{x=\"two\"} 5
"
    );
}

#[test]
fn none_and_the_empty_value_are_the_same_series() {
    #[derive(Collector)]
    struct Optional {
        #[metric(help = "Help.", labels = ["x"])]
        optional: BTreeMap<Option<String>, u8>,
    }

    let optional = || Optional { optional: BTreeMap::from([(None, 1), (Some(String::new()), 2)]) };
    assert_eq!(
        exposition_of_fn(optional),
        "# HELP optional Help.\n# TYPE optional gauge\noptional{x=\"\"} 1\n"
    );
}

#[test]
fn encode_appends_and_runs_on_many_threads() {
    #[derive(Collector)]
    struct Many {
        #[metric(help = "Help.", labels = ["x"])]
        many: CounterVec<1>,
    }

    let many = Arc::new(Many::new());
    for at in 0..1000 {
        many.many.with([at]).inc();
    }
    let registry = registry_of(Arc::clone(&many));
    let expected = exposition(&registry);
    assert_eq!(expected.lines().count(), 1002);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut buffer = b"before\n".to_vec();
                registry.encode(Format::Text, &mut buffer);
                assert_eq!(String::from_utf8(buffer).unwrap(), format!("before\n{expected}"));
            });
        }
    });
}

#[test]
fn panic_in_drop_of_a_returned_collector_loses_nothing() {
    #[derive(Collector)]
    struct Bomb {
        /// A gauge.
        bomb: f64,
        #[metric(skip)]
        _fuse: Fuse,
    }
    struct Fuse;
    impl Drop for Fuse {
        fn drop(&mut self) {
            panic!("a fault");
        }
    }

    assert_eq!(
        exposition_of_fn(|| Bomb { bomb: 1.0, _fuse: Fuse }),
        "# HELP bomb A gauge.\n# TYPE bomb gauge\nbomb 1\n"
    );
}

#[test]
fn returned_metric_with_undeclared_labels_is_not_exposed() {
    #[derive(Collector)]
    #[collector(no_new)]
    struct Mislabelled {
        #[metric(help = "Help.", labels = ["path"])]
        by_path: CounterVec<1>,
    }

    let made = || {
        let by_path = CounterVec::new(["hostname"]);
        by_path.with(["Hi"]).inc();
        Mislabelled { by_path }
    };
    assert_eq!(exposition_of_fn(made), "");
}

/// A handwritten collector that writes the same counter into three families: one declares another
/// label, and one gets it twice.
struct ByHand(CounterVec<1>);

impl Describe for ByHand {
    fn describe(&self) -> Vec<Desc> {
        let desc = |name: &'static str, label: &'static str| {
            Desc::new(name, "Help.", MetricType::Counter).with_labels([label])
        };
        vec![desc("other_total", "y"), desc("right_total", "x"), desc("twice_total", "x")]
    }
}

impl Collect for ByHand {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        use hello_exporter::collect::Metric;
        self.0.collect(encoder);
        if index == 2 {
            self.0.collect(encoder);
            encoder.sample(["one"], 1);
        }
    }
}

#[test]
fn repeated_and_mislabelled_handwritten_metrics_are_not_exposed() {
    let by_hand = ByHand(CounterVec::new(["x"]));
    by_hand.0.with(["one"]).inc();
    assert_eq!(
        exposition_of(by_hand),
        "\
# HELP right_total Help.
# TYPE right_total counter
right_total{x=\"one\"} 1
# HELP twice_total Help.
# TYPE twice_total counter
twice_total{x=\"one\"} 1
"
    );
}

/// A handwritten collector that writes a value, and then a metric with the same series.
struct Twice(Gauge);

impl Describe for Twice {
    fn describe(&self) -> Vec<Desc> {
        vec![Desc::new("twice", "Help.", MetricType::Gauge)]
    }
}

impl Collect for Twice {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.value(1.0);
        hello_exporter::collect::Metric::collect(&self.0, encoder);
    }
}

#[test]
fn metric_after_a_value_of_the_same_family_is_not_exposed() {
    assert_eq!(
        exposition_of(Twice(Gauge::new())),
        "# HELP twice Help.\n# TYPE twice gauge\ntwice 1\n"
    );
}

/// A collector that unregisters itself during a scrape, so that the scrape is its last owner. It
/// panics in `drop`, and in `collect` if its id is not set.
struct Leaving {
    registry: Registry,
    id: Arc<std::sync::OnceLock<hello_exporter::registry::CollectorId>>,
}

impl Describe for Leaving {
    fn describe(&self) -> Vec<Desc> {
        vec![Desc::new("leaving", "Help.", MetricType::Gauge)]
    }
}

impl Collect for Leaving {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.value(1.0);
        self.registry.unregister(*self.id.get().unwrap());
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        panic!("a fault");
    }
}

#[test]
fn panic_in_drop_after_unregister_during_a_scrape_loses_nothing() {
    let registry = Registry::new();
    let id = Arc::default();
    let leaving = Leaving { registry: registry.clone(), id: Arc::clone(&id) };
    id.set(registry.register(leaving).unwrap()).unwrap();
    assert_eq!(exposition(&registry), "# HELP leaving Help.\n# TYPE leaving gauge\nleaving 1\n");
    assert_eq!(exposition(&registry), "");
}

/// A collector that unregisters two others during a scrape, so that the scrape's plan is their last
/// owner.
struct Removing {
    registry: Registry,
    ids: Arc<std::sync::OnceLock<[hello_exporter::registry::CollectorId; 2]>>,
}

impl Describe for Removing {
    fn describe(&self) -> Vec<Desc> {
        vec![Desc::new("removing", "Help.", MetricType::Gauge)]
    }
}

impl Collect for Removing {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.value(1.0);
        for id in self.ids.get().unwrap() {
            assert!(self.registry.unregister(*id));
        }
    }
}

#[test]
fn panics_in_drop_of_collectors_owned_by_a_plan_lose_nothing() {
    let registry = Registry::new();
    let shared = Arc::new(std::sync::OnceLock::new());
    let ids = ["one", "two"].map(|instance| {
        let leaving = Leaving { registry: Registry::new(), id: Arc::default() };
        registry.scope().const_label("instance", instance).register(leaving).unwrap()
    });
    shared.set(ids).unwrap();
    let removing = Removing { registry: registry.clone(), ids: shared };
    let id = registry.register(removing).unwrap();
    let removed = "# HELP removing Help.\n# TYPE removing gauge\nremoving 1\n";
    assert!(exposition(&registry).ends_with(removed));
    assert!(registry.unregister(id));
    assert_eq!(exposition(&registry), "");
}

#[test]
fn unregister_survives_a_panic_in_drop() {
    let registry = Registry::new();
    let leaving = Leaving { registry: registry.clone(), id: Arc::default() };
    let id = registry.register(leaving).unwrap();
    assert!(registry.unregister(id));
    assert!(!registry.unregister(id));
    assert_eq!(exposition(&registry), "");
}
