//! What the library gives to the tests of an exporter, held against promtool where there is one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::HashMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::testing::{assert_exposition, lint, value_of};
use hello_exporter::{Collector, Counter, CounterVec, Gauge, HistogramVec};
use hello_exporter_tests::{exposition_of, promtool};

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: Gauge,

    #[metric(name = "b", help = "Display b.", labels = ["hostname"], const_labels(hello = "world"))]
    b: CounterVec<1>,
}

fn hello() -> Hello {
    let hello = Hello::new();
    hello.a.set(1.0);
    hello.b.with(["Hi"]).inc_by(2);
    hello
}

/// A collector by hand, of whatever it is given, that has one sample per family.
struct Hand(Vec<Desc>);

impl Describe for Hand {
    fn describe(&self) -> Vec<Desc> {
        self.0.clone()
    }
}

impl Collect for Hand {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.value(index);
    }
}

fn gauge(name: &'static str) -> Desc {
    Desc::new(name, "Help.", MetricType::Gauge)
}

/// What a failed assertion says.
fn failure(assertion: impl FnOnce()) -> String {
    *catch_unwind(AssertUnwindSafe(assertion)).unwrap_err().downcast().unwrap()
}

#[test]
fn what_is_counted_is_exposed() {
    let hello = Hello::new();
    hello.a.set(1.0);
    hello.b.with(["Hi"]).inc_by(2);

    assert_exposition(
        &hello,
        r#"
        # HELP a Display a.
        # TYPE a gauge
        a 1
        # HELP b Display b.
        # TYPE b counter
        b{hello="world",hostname="Hi"} 2
        "#,
    );
    assert_eq!(value_of(&hello, "b", &[("hostname", "Hi"), ("hello", "world")]), Some(2.0));
    assert_eq!(lint(&hello)[0].to_string(), "b: counter metrics should have \"_total\" suffix");
}

#[test]
fn indentation_empty_lines_and_the_order_of_families_make_no_difference() {
    assert_exposition(
        &hello(),
        r#"

            # HELP b Display b.
            # TYPE b counter
            b{hello="world",hostname="Hi"} 2

            # HELP a Display a.
            # TYPE a gauge
            a 1

        "#,
    );
}

#[test]
fn white_space_at_the_end_of_a_help_makes_no_difference() {
    let desc = Desc::new("a", "Display a. \r", MetricType::Gauge);
    assert_exposition(&Hand(vec![desc.clone()]), "# HELP a Display a.\n# TYPE a gauge\na 0");
    assert_exposition(&Hand(vec![desc]), "# HELP a Display a. \r\n# TYPE a gauge\na 0");
}

#[test]
fn the_series_of_a_map_can_come_in_any_order() {
    #[derive(Collector)]
    struct Disks {
        #[metric(help = "Bytes free.", labels = ["disk", "le"])]
        disk_free_bytes: HashMap<(u8, u8), u16>,
    }

    let pairs = || (0..20).flat_map(|disk| (0..5).map(move |le| (disk, le)));
    let value = |disk: u8, le: u8| u16::from(disk) * 100 + u16::from(le);
    let disks = Disks {
        disk_free_bytes: pairs().map(|(disk, le)| ((disk, le), value(disk, le))).collect(),
    };
    let mut expected =
        "# HELP disk_free_bytes Bytes free.\n# TYPE disk_free_bytes gauge\n".to_owned();
    for (disk, le) in pairs() {
        let value = value(disk, le);
        writeln!(expected, "disk_free_bytes{{disk=\"{disk}\",le=\"{le}\"}} {value}").unwrap();
    }
    assert_exposition(&disks, &expected);
}

#[derive(Collector)]
struct Queries {
    #[metric(help = "Time that queries took.", labels = ["table"], unit = "seconds", buckets = [2, 10])]
    query_duration_seconds: HistogramVec<1>,
}

fn queries() -> Queries {
    let queries = Queries::new();
    queries.query_duration_seconds.with(["users"]).observe(5.0);
    queries.query_duration_seconds.with(["groups"]).observe(0.5);
    queries
}

#[test]
fn the_buckets_of_a_series_keep_their_order() {
    assert_exposition(
        &queries(),
        r#"
        # HELP query_duration_seconds Time that queries took.
        # TYPE query_duration_seconds histogram
        query_duration_seconds_bucket{table="groups",le="2"} 1
        query_duration_seconds_bucket{table="groups",le="10"} 1
        query_duration_seconds_bucket{table="groups",le="+Inf"} 1
        query_duration_seconds_sum{table="groups"} 0.5
        query_duration_seconds_count{table="groups"} 1
        query_duration_seconds_bucket{table="users",le="2"} 0
        query_duration_seconds_bucket{table="users",le="10"} 1
        query_duration_seconds_bucket{table="users",le="+Inf"} 1
        query_duration_seconds_sum{table="users"} 5
        query_duration_seconds_count{table="users"} 1
        "#,
    );
    let swapped = || {
        let lines = r#"
        # HELP query_duration_seconds Time that queries took.
        # TYPE query_duration_seconds histogram
        query_duration_seconds_bucket{table="users",le="10"} 1
        query_duration_seconds_bucket{table="users",le="2"} 0
        query_duration_seconds_bucket{table="users",le="+Inf"} 1
        query_duration_seconds_sum{table="users"} 5
        query_duration_seconds_count{table="users"} 1
        "#;
        let queries = Queries::new();
        queries.query_duration_seconds.with(["users"]).observe(5.0);
        assert_exposition(&queries, lines);
    };
    assert_eq!(
        failure(swapped),
        r#"the exposition of `testing::Queries` is not the expected one (`-` expected, `+` actual):
  # HELP query_duration_seconds Time that queries took.
  # TYPE query_duration_seconds histogram
- query_duration_seconds_bucket{table="users",le="10"} 1
  query_duration_seconds_bucket{table="users",le="2"} 0
+ query_duration_seconds_bucket{table="users",le="10"} 1
  query_duration_seconds_bucket{table="users",le="+Inf"} 1
  query_duration_seconds_sum{table="users"} 5
  query_duration_seconds_count{table="users"} 1
hint: the order of families, the order of a family's series, and white space around a line make no difference"#
    );
}

#[test]
fn a_family_of_several_descs_has_one_head() {
    let with_zone = |zone| gauge("temperature_celsius").with_const_labels([("zone", zone)]);
    assert_exposition(
        &Hand(vec![with_zone("north"), gauge("between"), with_zone("south")]),
        r#"
        # HELP between Help.
        # TYPE between gauge
        between 1
        # HELP temperature_celsius Help.
        # TYPE temperature_celsius gauge
        temperature_celsius{zone="north"} 0
        temperature_celsius{zone="south"} 2
        "#,
    );
}

#[test]
fn what_is_compared_is_what_a_registry_exposes() {
    assert_exposition(&hello(), &exposition_of(hello()));
    assert_exposition(&queries(), &exposition_of(queries()));
}

#[test]
fn a_collector_without_samples_exposes_nothing() {
    assert_exposition(&Queries::new(), "");
    let collector: &dyn Collect = &Queries::new();
    assert_exposition(collector, "");
}

#[test]
fn what_is_different_is_shown_line_by_line() {
    let wrong = || {
        assert_exposition(
            &hello(),
            r#"
            # HELP b Display b.
            # TYPE b counter
            b{hello="world",hostname="Hi"} 3
            b{hello="world",hostname="Ho"} 1
            # HELP a Display a.
            # TYPE a gauge
            a 1
            "#,
        );
    };
    assert_eq!(
        failure(wrong),
        r#"the exposition of `testing::Hello` is not the expected one (`-` expected, `+` actual):
  # HELP a Display a.
  # TYPE a gauge
  a 1
  # HELP b Display b.
  # TYPE b counter
- b{hello="world",hostname="Hi"} 3
- b{hello="world",hostname="Ho"} 1
+ b{hello="world",hostname="Hi"} 2
hint: the order of families, the order of a family's series, and white space around a line make no difference"#
    );
}

#[test]
fn a_family_that_has_no_samples_is_hinted_at() {
    let hello = Hello::new();
    let untouched = || {
        assert_exposition(
            &hello,
            "
            # HELP a Display a.
            # TYPE a gauge
            a 0
            # HELP b Display b.
            # TYPE b counter
            ",
        );
    };
    assert_eq!(
        failure(untouched),
        "\
the exposition of `testing::Hello` is not the expected one (`-` expected, `+` actual):
  # HELP a Display a.
  # TYPE a gauge
  a 0
- # HELP b Display b.
- # TYPE b counter
hint: nothing is exposed of `b`: a family without samples leaves no HELP and TYPE, and one with labels \
has no samples before its first update"
    );
}

#[test]
fn what_a_registry_refuses_fails_in_its_words() {
    let refusal = |descs: Vec<Desc>| failure(|| assert_exposition(&Hand(descs), ""));
    assert_eq!(
        refusal(vec![gauge("5xx")]),
        "collector `testing::Hand`: `5xx` is not a metric name: letters, digits and `_` are \
         accepted, and a digit not first"
    );
    assert_eq!(
        refusal(vec![gauge("a"), gauge("a")]),
        "metric `a` of collector `testing::Hand` is registered already, by collector `testing::Hand`"
    );
    assert_eq!(
        refusal(vec![gauge("a_sum"), Desc::new("a", "Help.", MetricType::Histogram)]),
        "metric `a` of collector `testing::Hand` clashes with metric `a_sum` of collector \
         `testing::Hand`: both expose `a_sum`"
    );
    let value = || {
        value_of(&Hand(vec![gauge("")]), "", &[]);
    };
    assert_eq!(
        failure(value),
        "collector `testing::Hand`: `` is not a metric name: letters, digits and `_` are accepted, and \
         a digit not first"
    );
}

#[test]
fn a_field_that_is_not_what_it_declares_fails() {
    #[derive(Collector)]
    #[collector(no_new)]
    struct Mislabelled {
        #[metric(help = "Help.", labels = ["path"])]
        by_path: CounterVec<1>,
    }

    let mislabelled = Mislabelled { by_path: CounterVec::new(["hostname"]) };
    assert_eq!(
        failure(|| assert_exposition(&mislabelled, "")),
        "collector `testing::a_field_that_is_not_what_it_declares_fails::Mislabelled`: field of metric \
         `by_path` was made with labels [\"hostname\"], and declares [\"path\"]"
    );
}

#[test]
fn a_panic_of_the_collector_is_not_caught() {
    struct Faulty;
    impl Describe for Faulty {
        fn describe(&self) -> Vec<Desc> {
            vec![gauge("a")]
        }
    }
    impl Collect for Faulty {
        fn collect(&self, index: usize, _: &mut FamilyEncoder<'_>) {
            panic!("fault {index}");
        }
    }

    assert_eq!(failure(|| assert_exposition(&Faulty, "")), "fault 0");
}

#[test]
fn the_value_of_a_sample_is_found_by_its_name_and_all_its_labels() {
    let hello = hello();
    assert_eq!(value_of(&hello, "a", &[]), Some(1.0));
    assert_eq!(value_of(&hello, "b", &[("hostname", "Hi"), ("hello", "world")]), Some(2.0));
    for labels in [
        &[] as &[_],
        &[("hostname", "Hi")],
        &[("hostname", "Ho"), ("hello", "world")],
        &[("hostname", "Hi"), ("hello", "world"), ("more", "")],
        &[("hostname", "Hi"), ("hostname", "Hi"), ("hello", "world")],
    ] {
        assert_eq!(value_of(&hello, "b", labels), None, "{labels:?}");
    }
    assert_eq!(value_of(&hello, "c", &[]), None);
    assert_eq!(value_of(&hello, "#", &[]), None);
}

#[test]
fn the_value_of_a_sample_is_found_by_unescaped_labels() {
    let hello = Hello::new();
    let nasty =
        ["", "\"", "\\", "\n", "\\n", "\"} 1\nb 2\n", "a=\"b\",c=\"d\"", "} 7", " {}, # ", "é"];
    for (at, value) in (1..).zip(nasty) {
        hello.b.with([value]).inc_by(at);
    }
    for (at, value) in (1_u8..).zip(nasty) {
        let found = value_of(&hello, "b", &[("hello", "world"), ("hostname", value)]);
        assert_eq!(found, Some(f64::from(at)), "{value:?}");
    }
}

#[test]
fn the_value_of_a_bucket_is_found_by_its_bound() {
    let queries = queries();
    let bucket =
        |le| value_of(&queries, "query_duration_seconds_bucket", &[("table", "users"), ("le", le)]);
    assert_eq!(["2", "10", "+Inf", "5"].map(bucket), [Some(0.0), Some(1.0), Some(1.0), None]);
    let part = |name| value_of(&queries, name, &[("table", "users")]);
    assert_eq!(part("query_duration_seconds_sum"), Some(5.0));
    assert_eq!(part("query_duration_seconds_count"), Some(1.0));
    assert_eq!(part("query_duration_seconds"), None);
}

#[test]
fn infinite_values_and_nan_are_read() {
    let hello = Hello::new();
    for value in [f64::INFINITY, f64::NEG_INFINITY, 1e300, -0.5] {
        hello.a.set(value);
        assert_eq!(value_of(&hello, "a", &[]), Some(value));
    }
    hello.a.set(f64::NAN);
    assert!(value_of(&hello, "a", &[]).unwrap().is_nan());
}

/// What lint says, as promtool prints it.
fn linted(descs: Vec<Desc>) -> String {
    let problems = lint(&Hand(descs)).into_iter();
    problems.map(|problem| format!("{} {}\n", problem.metric, problem.text)).collect()
}

#[test]
fn conventions_that_are_not_kept_are_told() {
    use MetricType::{Counter, Gauge, Histogram, Summary, Untyped};

    let cases: &[(&str, MetricType, &[&str])] = &[
        ("requests_total", Counter, &[]),
        ("requests", Counter, &["counter metrics should have \"_total\" suffix"]),
        ("requests_total", Gauge, &["non-counter metrics should not have \"_total\" suffix"]),
        ("requests_total", Untyped, &[]),
        ("size_bytes", Gauge, &[]),
        ("size_kilobytes", Gauge, &["use base unit \"bytes\" instead of \"kilobytes\""]),
        ("busy_minutes_total", Counter, &["use base unit \"seconds\" instead of \"minutes\""]),
        ("sensor_celsius", Gauge, &[]),
        ("sensor_fahrenheit", Gauge, &["use base unit \"celsius\" instead of \"fahrenheit\""]),
        ("thermometers", Gauge, &[]),
        ("size_mb", Gauge, &["metric names should not contain abbreviated units"]),
        ("mb", Gauge, &[]),
        ("size_sum", Histogram, &[]),
        ("size_sum", Summary, &[]),
        ("size_bucket", Histogram, &[]),
        ("size_bucket", Summary, &["non-histogram metrics should not have \"_bucket\" suffix"]),
        (
            "size_count",
            Gauge,
            &["non-histogram and non-summary metrics should not have \"_count\" suffix"],
        ),
        (
            "size_sum",
            Gauge,
            &["non-histogram and non-summary metrics should not have \"_sum\" suffix"],
        ),
        ("size_count", Untyped, &[]),
        ("some_gauge", Gauge, &["metric name should not include type 'gauge'"]),
        ("some_Histogram_size", Gauge, &["metric name should not include type 'histogram'"]),
        ("gauge", Gauge, &[]),
        ("job:size", Gauge, &["metric names should not contain ':'"]),
        ("aSize", Gauge, &["metric names should be written in 'snake_case' not 'camelCase'"]),
        ("SIZE", Gauge, &[]),
        (
            "pool_counter_ms",
            Counter,
            &[
                "counter metrics should have \"_total\" suffix",
                "metric name should not include type 'counter'",
                "metric names should not contain abbreviated units",
            ],
        ),
    ];
    for (name, metric_type, texts) in cases {
        let expected: String = texts.iter().map(|text| format!("{name} {text}\n")).collect();
        assert_eq!(linted(vec![Desc::new(*name, "Help.", *metric_type)]), expected);
    }
}

#[test]
fn labels_are_linted_be_they_constant_or_variable() {
    let desc = gauge("a")
        .with_labels(["le", "hostName"])
        .with_const_labels([("quantile", "0.5"), ("zoneName", "north")]);
    let expected = "\
a label names should be written in 'snake_case' not 'camelCase'
a label names should be written in 'snake_case' not 'camelCase'
a non-histogram metrics should not have \"le\" label
a non-summary metrics should not have \"quantile\" label
";
    assert_eq!(linted(vec![desc]), expected);
}

#[test]
fn problems_are_sorted_and_display_metric_and_text() {
    let descs = vec![
        gauge("z_total"),
        Desc::new("a", "", MetricType::Counter),
        Desc::new("B", "\t ", MetricType::Gauge),
    ];
    let problems: Vec<String> = lint(&Hand(descs)).iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "B: no help text",
            "a: counter metrics should have \"_total\" suffix",
            "a: no help text",
            "z_total: non-counter metrics should not have \"_total\" suffix",
        ]
    );
}

/// promtool takes whichever unit a map of Go gives it first.
#[test]
fn of_several_units_the_first_that_is_no_base_unit_is_told() {
    for name in ["bytes_per_minutes", "minutes_per_hours", "minutes_bytes"] {
        assert_eq!(
            linted(vec![gauge(name)]),
            format!("{name} use base unit \"seconds\" instead of \"minutes\"\n")
        );
    }
    assert_eq!(linted(vec![gauge("bytes_per_seconds")]), "");
}

/// promtool says it of every series, and of a family without samples nothing.
#[test]
fn a_label_is_told_once_however_many_series_there_are() {
    #[derive(Collector)]
    struct Labelled {
        #[metric(help = "Help.", labels = ["hostName"])]
        labelled_total: CounterVec<1>,
    }

    let labelled = Labelled::new();
    let complaint =
        "labelled_total label names should be written in 'snake_case' not 'camelCase'\n";
    let linted = |labelled: &Labelled| linted(labelled.describe());
    assert_eq!(linted(&labelled), complaint);
    labelled.labelled_total.with(["a"]).inc();
    labelled.labelled_total.with(["b"]).inc();
    assert_eq!(linted(&labelled), complaint);
    assert_eq!(promtool(&exposition_of(labelled)), complaint.repeat(2));
}

#[test]
fn descs_of_one_name_are_one_metric() {
    let desc = |zone| gauge("size_mb").with_const_labels([("zone", zone)]);
    assert_eq!(
        linted(vec![desc("north"), desc("south")]),
        "size_mb metric names should not contain abbreviated units\n"
    );
}

#[test]
fn promtool_says_the_same_of_a_struct() {
    #[derive(Collector)]
    #[collector(namespace = "app", const_labels(zoneName = "north"))]
    struct Poor {
        /// Display a.
        queue_total_ms: Gauge,

        /// Display b.
        jobs: Counter,

        #[metric(help = "Display c.", labels = ["le", "jobKind"])]
        kilobytes_counter_sum: CounterVec<2>,

        #[metric(help = "Display d.", labels = ["quantile"])]
        duration_histogram_hours: HistogramVec<1>,
    }

    let poor = Poor::new();
    poor.kilobytes_counter_sum.with(["1", "2"]).inc();
    poor.duration_histogram_hours.with(["1"]).observe(0.5);
    let problems = linted(poor.describe());
    assert_eq!(problems.lines().count(), 15);
    assert_eq!(problems, promtool(&exposition_of(poor)));
}

const TYPES: [MetricType; 5] = [
    MetricType::Counter,
    MetricType::Gauge,
    MetricType::Histogram,
    MetricType::Summary,
    MetricType::Untyped,
];

/// An exposition with one series of each metric.
fn exposition_with_one_series_of_each(descs: &[Desc]) -> String {
    let mut out = String::new();
    for desc in descs {
        let (name, metric_type) = (desc.name(), desc.metric_type());
        let help = desc.help().replace('\\', "\\\\").replace('\n', "\\n");
        writeln!(out, "# HELP {name} {help}\n# TYPE {name} {metric_type}").unwrap();
        let names = desc.const_labels().iter().map(|(name, _)| name).chain(desc.labels());
        let labels: String = names.map(|name| format!("{name}=\"1\",")).collect();
        match metric_type {
            MetricType::Histogram => {
                writeln!(out, "{name}_bucket{{{labels}le=\"+Inf\"}} 1").unwrap();
            }
            MetricType::Summary => {
                writeln!(out, "{name}{{{labels}quantile=\"0.5\"}} 1").unwrap();
            }
            _ => {
                writeln!(out, "{name}{{{labels}}} 1").unwrap();
                continue;
            }
        }
        writeln!(out, "{name}_sum{{{labels}}} 1\n{name}_count{{{labels}}} 1").unwrap();
    }
    out
}

#[track_caller]
fn assert_promtool_says_the_same(descs: Vec<Desc>) {
    let theirs = promtool(&exposition_with_one_series_of_each(&descs));
    let ours = linted(descs);
    // Both texts as a whole would be too long to read.
    for (ours, theirs) in ours.lines().zip(theirs.lines()) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours.lines().count(), theirs.lines().count());
}

/// Words of names: every unit with every prefix, and what looks like one.
fn words() -> Vec<String> {
    let units = "amperes bits bytes calories celsius days fahrenheit grams hours inches joules kelvin \
                 kelvins meters metres miles minutes ounces pounds rankine seconds volts weeks yards";
    let prefixes = "pico nano micro milli centi deci deca hecto kilo kibi mega mibi giga gibi tera tebi \
                    peta pebi exa mebi";
    let prefixes = || prefixes.split_whitespace().chain([""]);
    let units = units.split_whitespace();
    let units = units.flat_map(|unit| prefixes().map(move |prefix| format!("{prefix}{unit}")));
    let others = "s ms us ns sec b kb mb gb tb pb m h d secs min MS Sec KB counter gauge histogram summary \
                  untyped gauge_histogram gaugehistogram info stateset Counter GAUGE counters second byte \
                  litres percent ratio thermometers Seconds milliSeconds SECONDS kilokilobytes total bucket \
                  sum count created a_b camelCase PascalCase UPPER uPPER aB Ab a1B x:y : x: :x x:days days:x ms:gauge _ __ a__b \
                  _s_ms 5xx";
    units.chain(others.split_whitespace().map(str::to_owned)).collect()
}

#[test]
fn promtool_says_the_same_of_names() {
    let suffixes = [
        "", "_total", "_bucket", "_sum", "_count", "_info", "_created", "_Total", "total",
        "_total_x",
    ];
    let mut descs = Vec::new();
    for word in words() {
        for suffix in suffixes {
            for metric_type in TYPES {
                // The number makes it a name that no other metric has, nor any part of one.
                let at = descs.len();
                let name = match at % 7 {
                    0 => format!("a{word}_x{at}{suffix}"),
                    1 => format!("x{at}{word}{suffix}"),
                    2 | 3 => format!("a{at}_x_{word}_y{suffix}"),
                    _ => format!("x{at}_{word}{suffix}"),
                };
                descs.push(Desc::new(name, "Help.", metric_type));
            }
        }
    }
    for word in words().into_iter().filter(|word| !word.starts_with('5')) {
        for metric_type in TYPES {
            let at = descs.len();
            descs.push(Desc::new(format!("{word}_x{at}"), "Help.", metric_type));
        }
    }
    assert_promtool_says_the_same(descs);
}

#[test]
fn promtool_says_the_same_of_help_and_labels() {
    let helps = ["Help.", "", " ", "\t \t", " x", "Two\nlines.", "\n", "\\", "\u{a0}"];
    let labels: [&[&str]; 11] = [
        &[],
        &["path"],
        &["le"],
        &["quantile"],
        &["le", "quantile"],
        &["hostName"],
        &["hostName", "jobKind", "ok"],
        &["LE", "Quantile", "QUANTILE"],
        &["HostName", "a_B", "a1B"],
        &["le", "hostName", "leX"],
        &["_le", "bucket", "mb", "counter", "milliseconds"],
    ];
    let mut descs = Vec::new();
    for suffix in ["", "_total", "_bucket", "_sum", "_count", "_ms_counter_kb"] {
        for metric_type in TYPES {
            for names in labels {
                let reserved = match metric_type {
                    MetricType::Histogram => "le",
                    MetricType::Summary => "quantile",
                    _ => "",
                };
                if names.contains(&reserved) {
                    // No such metric can be registered.
                    continue;
                }
                for help in helps {
                    for constants in 0..=names.len() {
                        let (constant, variable) = names.split_at(constants);
                        let name = format!("x{}{suffix}", descs.len());
                        let desc = Desc::new(name, help, metric_type)
                            .with_labels(variable.iter().copied())
                            .with_const_labels(constant.iter().map(|name| (*name, "1")));
                        descs.push(desc);
                    }
                }
            }
        }
    }
    assert_promtool_says_the_same(descs);
}

/// A collector whose only sample has a label too many.
struct Mislabelled;

impl Describe for Mislabelled {
    fn describe(&self) -> Vec<Desc> {
        vec![Desc::new("mislabelled", "Help.", MetricType::Gauge)]
    }
}

impl Collect for Mislabelled {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.sample(["x"], 1);
    }
}

#[test]
fn what_a_scrape_would_drop_fails_a_test() {
    assert_eq!(
        failure(|| assert_exposition(&Mislabelled, "")),
        "metric `mislabelled`: a scrape would drop 1 invalid sample (the number of label values \
         is 1, expected 0)"
    );
}
