//! Metric families whose names, labels and samples are known at run time only.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use hello_exporter::__private::WithoutNew;
use hello_exporter::collect::{
    Collect, Declared, Desc, Describe, FamilyEncoder, MetricType, SampleValue,
};
use hello_exporter::testing::assert_exposition;
use hello_exporter::{
    Collector, DynamicFamilies, Format, Gauge, HistogramSnapshot, Registry, SummarySnapshot,
    Timestamped,
};
use hello_exporter_tests::{assert_golden_formats, exposition, registry_of_fn};

fn histogram() -> HistogramSnapshot {
    HistogramSnapshot::new([(0.1, 20), (1.0, 23)], 9.5, 24).unwrap()
}

fn summary() -> SummarySnapshot {
    SummarySnapshot::new([(0.5, 0.001)], 1.5, 40).unwrap()
}

fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_500)
}

/// Returns the rows of a query, each with its own columns.
fn queries() -> DynamicFamilies {
    let mut families = DynamicFamilies::new();
    families
        .gauge("rows", "Rows.")
        .sample([("table", "users"), ("state", "\"live\"")], 7)
        .sample(vec![("table".to_owned(), Some("groups"))], SampleValue::I64(-3))
        .value(Timestamped::new(5, then()))
        .sample([("schema", 1), ("state", 2)], None::<f64>)
        .sample([("state", 2)], Some(0.5));
    families
        .histogram("wait_seconds", "Waits.")
        .sample([("lock", "a")], histogram())
        .sample([("lock", "b")], Timestamped::new(&histogram(), then()));
    families.summary("pause_seconds", "Pauses.").value(summary());
    families.gauge("age_seconds", "Age.").value(Duration::from_millis(1500));
    families.untyped("start", "Start.").value(then());
    families
}

/// The families of [`declared`].
#[derive(Collector)]
struct Queries {
    #[metric(help = "Rows.", labels = ["table", "state"])]
    rows: Vec<([&'static str; 2], Timestamped<f64>)>,
    #[metric(help = "Waits.", labels = ["lock"])]
    wait_seconds: Vec<(&'static str, Timestamped<HistogramSnapshot>)>,
    #[metric(help = "Pauses.")]
    pause_seconds: SummarySnapshot,
    #[metric(help = "Age.")]
    age_seconds: Duration,
    #[metric(help = "Start.", untyped)]
    start: SystemTime,
}

fn bytes(format: Format, registry: &Registry) -> Vec<u8> {
    let mut buffer = Vec::new();
    registry.encode(format, &mut buffer);
    buffer
}

#[test]
fn samples_with_labels_by_name_are_exposed() {
    assert_golden_formats("queries", &registry_of_fn(queries));
}

/// Returns values in families that the struct declares.
fn declared() -> Queries {
    let at = |value, time| match time {
        Some(time) => Timestamped::new(value, time),
        None => Timestamped::new(value, then()),
    };
    let mut declared = Queries::new();
    declared.rows = vec![
        (["users", "\"live\""], at(7.0, None)),
        (["groups", ""], at(-3.0, None)),
        (["", ""], at(5.0, None)),
        (["", "2"], at(0.5, None)),
    ];
    declared.wait_seconds = vec![("a", Timestamped::new(histogram(), then()))];
    (declared.pause_seconds, declared.age_seconds) = (summary(), Duration::from_millis(1500));
    declared.start = then();
    declared
}

/// Returns the samples of `declared` in dynamic families.
fn dynamic(declared: &Queries) -> DynamicFamilies {
    let mut dynamic = DynamicFamilies::new();
    for (labels, value) in &declared.rows {
        let labels = ["table", "state"].into_iter().zip(labels);
        // A label with an empty value equals no label.
        dynamic.gauge("rows", "Rows.").sample(labels.filter(|(_, it)| !it.is_empty()), value);
    }
    for (lock, value) in &declared.wait_seconds {
        dynamic.histogram("wait_seconds", "Waits.").sample([("lock", lock)], value);
    }
    dynamic.summary("pause_seconds", "Pauses.").value(&declared.pause_seconds);
    dynamic.gauge("age_seconds", "Age.").value(declared.age_seconds);
    dynamic.untyped("start", "Start.").value(declared.start);
    dynamic
}

#[test]
fn dynamic_and_declared_families_have_the_same_bytes() {
    let registries = [Registry::new(), Registry::new()];
    let [one, other] = &registries;
    one.register_fn(declared).unwrap();
    other.register_fn(|| dynamic(&declared())).unwrap();
    for format in [Format::Text, Format::OpenMetrics, Format::Protobuf] {
        assert_eq!(bytes(format, one), bytes(format, other), "{format:?}");
    }
}

/// Returns the expositions of successive scrapes, each of which collects the next of these
/// families.
fn scraped<const N: usize>(collections: [DynamicFamilies; N]) -> [String; N] {
    let registry = Registry::new();
    let scrapes = Mutex::new(collections.into_iter());
    registry.register_fn(move || scrapes.lock().unwrap().next().unwrap()).unwrap();
    std::array::from_fn(|_| exposition(&registry))
}

fn gauges<const N: usize>(samples: [&[(&str, &str)]; N]) -> DynamicFamilies {
    let mut families = DynamicFamilies::new();
    for (at, labels) in samples.into_iter().enumerate() {
        families.gauge("x", "Help.").sample(labels.iter().copied(), at);
    }
    families
}

#[test]
fn new_labels_are_added_to_those_of_earlier_scrapes() {
    let metadata = "# HELP x Help.\n# TYPE x gauge\n";
    assert_eq!(
        scraped([
            gauges([&[("a", "1"), ("b", "2")]]),
            gauges([&[("b", "2"), ("a", "1")], &[("b", "3")]]),
            gauges([&[("c", "4"), ("a", "1")], &[("a", "5")], &[("a", "6"), ("c", "")]]),
            gauges([&[]]),
        ]),
        [
            format!("{metadata}x{{a=\"1\",b=\"2\"}} 0\n"),
            format!("{metadata}x{{a=\"1\",b=\"2\"}} 0\nx{{a=\"\",b=\"3\"}} 1\n"),
            format!(
                "{metadata}x{{a=\"1\",b=\"\",c=\"4\"}} 0\nx{{a=\"5\",b=\"\",c=\"\"}} 1\n\
                 x{{a=\"6\",b=\"\",c=\"\"}} 2\n"
            ),
            format!("{metadata}x{{a=\"\",b=\"\",c=\"\"}} 0\n"),
        ]
    );
}

#[test]
fn labels_are_added_within_a_limit_and_not_to_a_shared_family() {
    let registry = Registry::new();
    registry.scope().const_label("of", "one").register_fn(|| gauges([&[("a", "1")]])).unwrap();
    let other = Mutex::new([&[("a", "2")][..], &[("b", "3")]].into_iter());
    let other = move || gauges([other.lock().unwrap().next().unwrap()]);
    registry.scope().const_label("of", "other").register_fn(other).unwrap();
    let first = "# HELP x Help.\n# TYPE x gauge\nx{of=\"one\",a=\"1\"} 0\n";
    assert_eq!(exposition(&registry), format!("{first}x{{of=\"other\",a=\"2\"}} 0\n"));
    assert_eq!(exposition(&registry), first);

    let names: Vec<String> = (0..65).map(|name| format!("l{name}")).collect();
    let of = |range: &[String]| {
        let mut families = DynamicFamilies::new();
        families.gauge("x", "Help.").sample(range.iter().map(|name| (name, 1)), 7);
        families
    };
    let [most, too_many] = scraped([of(&names[..64]), of(&names[64..])]);
    assert!(most.ends_with("l63=\"1\"} 7\n"), "{most}");
    assert_eq!(too_many, "");
}

#[test]
fn only_the_sample_with_an_invalid_label_name_is_dropped() {
    let [text] = scraped([gauges([&[("rack-id", "1")], &[("rack", "2")]])]);
    assert_eq!(text, "# HELP x Help.\n# TYPE x gauge\nx{rack=\"2\"} 1\n");
}

#[test]
fn sample_with_a_repeated_label_is_dropped_with_its_label_names() {
    let families = gauges([&[("a", "1")], &[("b", "2"), ("a", "3"), ("b", "2")], &[("a", "4")]]);
    assert_eq!(
        scraped([families]),
        ["# HELP x Help.\n# TYPE x gauge\nx{a=\"1\"} 0\nx{a=\"4\"} 2\n"]
    );
}

#[test]
fn sample_of_another_type_is_dropped() {
    let mut families = DynamicFamilies::new();
    families.histogram("h", "Help.").value(1).value(summary()).value(histogram());
    families.summary("s", "Help.").value(1).value(histogram());
    families.gauge("g", "Help.").value(histogram()).value(2);
    assert_eq!(
        scraped([families]),
        ["\
# HELP g Help.
# TYPE g gauge
g 2
# HELP h Help.
# TYPE h histogram
h_bucket{le=\"0.1\"} 20
h_bucket{le=\"1\"} 23
h_bucket{le=\"+Inf\"} 24
h_sum 9.5
h_count 24
"]
    );
}

/// Returns the message of the failed assertion that no sample is dropped.
fn failure(families: &DynamicFamilies) -> String {
    let assertion = AssertUnwindSafe(|| assert_exposition(families, ""));
    *catch_unwind(assertion).unwrap_err().downcast().unwrap()
}

#[test]
fn assertion_names_the_reason_of_a_dropped_sample() {
    let mut families = gauges([&[("a", "1"), ("a", "2")]]);
    assert_eq!(
        failure(&families),
        "metric `x`: a scrape would drop 1 invalid sample (label `a` is given twice)"
    );
    families = gauges([&[("a", "1")], &[("a", "1")]]);
    families.gauge("x", "Help.").value(histogram());
    families.counter("x", "Help.").value(1);
    assert_eq!(
        failure(&families),
        "metric `x`: a scrape would drop 2 invalid samples (a sample is a histogram, which the \
         type gauge does not accept) and 1 sample with the labels of another one"
    );
    families = DynamicFamilies::new();
    families.gauge("x", "Help.").value(1);
    families.gauge("x", "Help.").unit("x").value(2);
    assert_eq!(
        failure(&families),
        "metric `x`: a scrape would drop 1 invalid sample (declared again with another unit)"
    );
}

#[test]
fn reserved_label_of_a_histogram_or_a_summary_is_refused() {
    let mut families = DynamicFamilies::new();
    families.histogram("h", "Help.").sample([("le", "1")], histogram());
    families.summary("s", "Help.").sample([("quantile", "1")], summary());
    families.gauge("g", "Help.").sample([("le", "1"), ("quantile", "1")], 1);
    let expected = "# HELP g Help.\n# TYPE g gauge\ng{le=\"1\",quantile=\"1\"} 1\n";
    assert_eq!(scraped([families.clone()]), [expected]);
    let descs = families.describe();
    let errors = descs.iter().filter_map(|desc| desc.check().err());
    assert_eq!(
        errors.map(|error| error.to_string()).collect::<Vec<_>>(),
        [
            "label `le` of `h` is reserved: every histogram writes it itself",
            "label `quantile` of `s` is reserved: every summary writes it itself",
        ]
    );
}

#[test]
fn desc_of_a_configuration_is_checked_before_a_scrape() {
    let check = |name: &'static str, metric_type, label: &'static str| {
        let desc = Desc::new(name, "Help.", metric_type).with_labels([label, "x"]);
        desc.check().map_err(|error| error.to_string())
    };
    assert_eq!(check("rows", MetricType::Gauge, "table"), Ok(()));
    let cases = [
        (
            check("no name", MetricType::Gauge, "table"),
            "`no name` is not a metric name: letters, digits and `_` are accepted, but no leading \
             digit",
        ),
        (
            check("a:b", MetricType::Gauge, "table"),
            "`a:b` is not a metric name: letters, digits and `_` are accepted, but no leading digit",
        ),
        (
            check("rows", MetricType::Gauge, "__table"),
            "`__table` of `rows` is not a label name: letters, digits and `_` are accepted, but no \
             leading digit, and `__` is reserved at the start",
        ),
        (check("rows", MetricType::Gauge, "x"), "label `x` of `rows` is given twice"),
        (
            check("rows", MetricType::Summary, "quantile"),
            "label `quantile` of `rows` is reserved: every summary writes it itself",
        ),
        (
            check("rows", MetricType::Info, "table"),
            "`rows` is an info, and must be named `<subject>_info`",
        ),
    ];
    for (result, message) in cases {
        assert_eq!(result.unwrap_err(), message);
    }
}

/// A collector whose `declared` panics from its third call on.
struct Forgetful;

impl Describe for Forgetful {
    fn describe(&self) -> Vec<Desc> {
        Self::declared()
    }
}

impl Collect for Forgetful {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.value(1);
    }
}

impl Declared for Forgetful {
    const FAMILIES: usize = 1;
    type New = WithoutNew;

    fn declared() -> Vec<Desc> {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        assert!(CALLS.fetch_add(1, Ordering::Relaxed) < 2, "a fault");
        vec![Desc::new("declared", "Help.", MetricType::Gauge)]
    }
}

#[test]
fn panic_in_describe_removes_only_its_collector() {
    #[derive(Collector)]
    #[collector(no_new)]
    struct Both {
        #[metric(flatten)]
        declared: Forgetful,
        #[metric(flatten)]
        dynamic: DynamicFamilies,
    }

    #[derive(Collector)]
    struct Live {
        #[metric(help = "Help.")]
        live: Gauge,
    }

    let registry = registry_of_fn(|| {
        let mut dynamic = DynamicFamilies::new();
        dynamic.gauge("dynamic", "Help.").value(2);
        Both { declared: Forgetful, dynamic }
    });
    let declared = "# HELP declared Help.\n# TYPE declared gauge\ndeclared 1\n";
    let dynamic = "# HELP dynamic Help.\n# TYPE dynamic gauge\ndynamic 2\n";
    registry.register(Live::new()).unwrap();
    let live = "# HELP live Help.\n# TYPE live gauge\nlive 0\n";
    assert_eq!(exposition(&registry), format!("{declared}{dynamic}{live}"));
    assert_eq!(exposition(&registry), live);
}
