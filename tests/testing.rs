//! The library's helpers for the tests of an exporter: comparisons of expositions, and values.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::HashMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::testing::{assert_exposition, lint, value_of};
use hello_exporter::{Collector, CounterVec, Gauge, HistogramVec};
use hello_exporter_tests::exposition_of;

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

/// A handwritten collector of these families, with one sample each.
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

/// Returns the message of a failed assertion.
fn failure(assertion: impl FnOnce()) -> String {
    *catch_unwind(AssertUnwindSafe(assertion)).unwrap_err().downcast().unwrap()
}

#[test]
fn counted_values_are_exposed() {
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
fn indentation_empty_lines_and_family_order_are_ignored() {
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
fn trailing_whitespace_of_help_is_ignored() {
    let desc = Desc::new("a", "Display a. \r", MetricType::Gauge);
    assert_exposition(&Hand(vec![desc.clone()]), "# HELP a Display a.\n# TYPE a gauge\na 0");
    assert_exposition(&Hand(vec![desc]), "# HELP a Display a. \r\n# TYPE a gauge\na 0");
}

#[test]
fn series_order_is_ignored() {
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
fn bucket_order_matters() {
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
fn family_of_several_descs_has_one_metadata_block() {
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
fn comparison_uses_the_exposition_of_a_registry() {
    assert_exposition(&hello(), &exposition_of(hello()));
    assert_exposition(&queries(), &exposition_of(queries()));
}

#[test]
fn collector_without_samples_exposes_nothing() {
    assert_exposition(&Queries::new(), "");
    let collector: &dyn Collect = &Queries::new();
    assert_exposition(collector, "");
}

#[test]
fn differences_are_shown_line_by_line() {
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
fn family_without_samples_gives_a_hint() {
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
hint: `b` is not exposed: a family without samples has no HELP and TYPE lines, and one with labels \
has no samples before its first update"
    );
}

#[test]
fn refused_registration_fails_with_its_message() {
    let refusal = |descs: Vec<Desc>| failure(|| assert_exposition(&Hand(descs), ""));
    assert_eq!(
        refusal(vec![gauge("5xx")]),
        "collector `testing::Hand`: `5xx` is not a metric name: letters, digits and `_` are \
         accepted, but no leading digit"
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
        "collector `testing::Hand`: `` is not a metric name: letters, digits and `_` are accepted, but \
         no leading digit"
    );
}

#[test]
fn field_unlike_its_declaration_fails() {
    #[derive(Collector)]
    #[collector(no_new)]
    struct Mislabelled {
        #[metric(help = "Help.", labels = ["path"])]
        by_path: CounterVec<1>,
    }

    let mislabelled = Mislabelled { by_path: CounterVec::new(["hostname"]) };
    assert_eq!(
        failure(|| assert_exposition(&mislabelled, "")),
        "collector `testing::field_unlike_its_declaration_fails::Mislabelled`: field of metric \
         `by_path` was made with labels [\"hostname\"], but declares [\"path\"]"
    );
}

#[test]
fn panic_of_the_collector_is_not_caught() {
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
fn value_is_found_by_name_and_all_labels() {
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
fn value_is_found_by_unescaped_labels() {
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
fn value_of_a_bucket_is_found_by_its_bound() {
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

/// A collector whose only sample has one label value too many.
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
fn samples_that_a_scrape_drops_fail_a_test() {
    assert_eq!(
        failure(|| assert_exposition(&Mislabelled, "")),
        "metric `mislabelled`: a scrape would drop 1 invalid sample (the number of label values \
         is 1, expected 0)"
    );
}
