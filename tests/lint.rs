//! Lint reports problems of names, helps and labels like promtool, and problems of values.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write;

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::testing::lint;
use hello_exporter::{Collector, Counter, CounterVec, Gauge, HistogramVec};
use hello_exporter_tests::{exposition_of, promtool};

/// A collector of these families, which writes a number to each.
struct Described(Vec<Desc>);

impl Describe for Described {
    fn describe(&self) -> Vec<Desc> {
        self.0.clone()
    }
}

impl Collect for Described {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.value(index);
    }
}

fn gauge(name: &'static str) -> Desc {
    Desc::new(name, "Help.", MetricType::Gauge)
}

#[test]
fn counters_that_are_negative_or_nan_are_reported() {
    #[derive(Collector)]
    struct Counters {
        #[metric(counter, help = "Some.", labels = ["x"])]
        some_total: BTreeMap<u8, f64>,
        /// One.
        #[metric(counter)]
        one_total: i64,
        /// No number.
        #[metric(counter)]
        nan_total: f64,
        /// Infinite.
        #[metric(counter)]
        infinite_total: f64,
        /// Live.
        live_total: Counter<f64>,
        /// No counter.
        level: f64,
    }

    let counters = Counters {
        some_total: (0..).zip([0.5, -0.0, -0.5, f64::NEG_INFINITY]).collect(),
        one_total: -5,
        nan_total: f64::NAN,
        infinite_total: f64::INFINITY,
        level: -1.0,
        ..Counters::new()
    };
    counters.live_total.inc_by(-1.0);
    counters.live_total.inc_by(f64::NAN);
    let problems: Vec<String> = lint(&counters).iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "nan_total: counter values should not be negative or NaN, but one is NaN",
            "one_total: counter values should not be negative or NaN, but one is -5",
            "some_total: counter values should not be negative or NaN, but one is -0.5",
        ]
    );
}

/// Returns lint's report, as promtool prints it.
fn linted(descs: Vec<Desc>) -> String {
    let problems = lint(&Described(descs)).into_iter();
    problems.map(|problem| format!("{} {}\n", problem.metric, problem.text)).collect()
}

#[test]
fn broken_conventions_are_reported() {
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
fn constant_and_variable_labels_are_linted() {
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
    let problems: Vec<String> = lint(&Described(descs)).iter().map(ToString::to_string).collect();
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

/// promtool reports the unit that a Go map happens to yield first.
#[test]
fn first_of_several_wrong_units_is_reported() {
    for name in ["bytes_per_minutes", "minutes_per_hours", "minutes_bytes"] {
        assert_eq!(
            linted(vec![gauge(name)]),
            format!("{name} use base unit \"seconds\" instead of \"minutes\"\n")
        );
    }
    assert_eq!(linted(vec![gauge("bytes_per_seconds")]), "");
}

/// promtool reports the label once per series, and nothing about a family without samples.
#[test]
fn label_is_reported_once_for_all_series() {
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
fn promtool_agrees_on_a_struct() {
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

/// Returns an exposition with one series of each metric.
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
fn assert_promtool_agrees(descs: Vec<Desc>) {
    let theirs = promtool(&exposition_with_one_series_of_each(&descs));
    let ours = linted(descs);
    // A comparison of the whole texts would print too much to read.
    for (ours, theirs) in ours.lines().zip(theirs.lines()) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours.lines().count(), theirs.lines().count());
}

/// Returns words of names: every unit with every prefix, and similar words.
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
fn promtool_agrees_on_names() {
    let suffixes = [
        "", "_total", "_bucket", "_sum", "_count", "_info", "_created", "_Total", "total",
        "_total_x",
    ];
    let mut descs = Vec::new();
    for word in words() {
        for suffix in suffixes {
            for metric_type in TYPES {
                // The number makes the name unique.
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
    assert_promtool_agrees(descs);
}

#[test]
fn promtool_agrees_on_help_and_labels() {
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
                    // Such a metric cannot be registered.
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
    assert_promtool_agrees(descs);
}
