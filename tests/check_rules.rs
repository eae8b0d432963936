//! Mistakes in rule files and dashboards, found by the schema of an exporter.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::fs;
use std::path::Path;

use hello_exporter::schema::{QueryFile, Schema};
use hello_exporter::{
    Collector, Counter, Family, Gauge, Histogram, HistogramVec, LabelValue, Labels, StateSet,
};
use hello_exporter_tests::{data, read, repository};

#[derive(LabelValue)]
#[expect(dead_code, reason = "the schema needs the names alone")]
enum Outcome {
    Paid,
    Failed,
}

#[derive(Labels)]
struct Order {
    city: &'static str,
    outcome: Outcome,
}

#[derive(LabelValue)]
#[expect(dead_code, reason = "the schema needs the names alone")]
enum Mode {
    Open,
    Closed,
}

#[derive(Collector)]
#[collector(namespace = "shop")]
struct Shop {
    /// Orders.
    #[metric(renamed_from = "sales_total")]
    orders_total: Family<Order, Counter>,
    /// Customers in the shop.
    customers: Gauge,
    /// Time to answer.
    #[metric(labels = ["handler"], buckets = [0.25, 2.5])]
    duration_seconds: HistogramVec<1>,
    /// Time to pay.
    #[metric(native)]
    payment_seconds: Histogram,
    /// Current mode.
    mode: StateSet<Mode>,
    /// When the shop opened.
    start_time_seconds: Gauge,
}

fn file(path: &Path, name: &str) -> QueryFile {
    QueryFile { name: name.to_owned(), text: fs::read_to_string(path).unwrap() }
}

/// Returns the findings of a file, without its name.
fn findings(name: &str) -> Vec<String> {
    let file = file(&data("check_rules").join(name), name);
    let findings = Schema::of::<Shop>().check_rules(&[file]);
    let prefix = format!("{name}:");
    let text = |finding: &hello_exporter::schema::Finding| {
        finding.to_string().strip_prefix(&prefix).unwrap().to_owned()
    };
    findings.iter().map(text).collect()
}

#[test]
fn misspelt_metrics_are_found() {
    assert_eq!(
        findings("misspelt.rules.yml"),
        [
            "5: `shop_ordres_total` does not exist, did you mean `shop_orders_total`?",
            "8: `shop_customer` does not exist, did you mean `shop_customers`?",
            "11: `shop_weather_celsius` does not exist, the exporter has no metric of this name",
        ]
    );
}

#[test]
fn labels_of_other_metrics_are_found() {
    assert_eq!(
        findings("label_of_another.rules.yml"),
        [
            "5: `shop_orders_total` has no label `handler`, expected one of `city`, `outcome`",
            "7: `shop_customers` has no label `handler`, it has no labels of its own",
            "9: `shop_orders_total` has no label `ctiy`, did you mean `city`?",
        ]
    );
}

#[test]
fn values_that_an_enum_does_not_have_are_found() {
    assert_eq!(
        findings("impossible_value.rules.yml"),
        [
            "5: label `shop_mode` of `shop_mode` is never `close`, did you mean `closed`?",
            "7: label `outcome` of `shop_orders_total` is never `refunded`, expected one of `failed`, `paid`",
            "9: label `outcome` of `shop_orders_total` is never `payed`, did you mean `paid`?",
            "13: `shop_duration_seconds_bucket` has no bucket up to 5, expected one of 0.25, 2.5",
        ]
    );
}

#[test]
fn functions_of_the_wrong_type_are_found() {
    assert_eq!(
        findings("rate_of_gauge.rules.yml"),
        [
            "5: `rate()` of `shop_customers`, which is a gauge: expected a counter",
            "7: `shop_orders_total` is a counter: expected `rate(shop_orders_total[…])` or \
             `increase(shop_orders_total[…])`",
            "9: `shop_duration_seconds_sum` is a counter: expected `rate(shop_duration_seconds_sum[…])` or \
             `increase(shop_duration_seconds_sum[…])`",
            "9: `shop_duration_seconds_count` is a counter: expected `rate(shop_duration_seconds_count[…])` \
             or `increase(shop_duration_seconds_count[…])`",
            "11: `histogram_quantile()` of `shop_orders_total`, which is a counter: expected a histogram",
            "11: `shop_orders_total` has no label `le`, expected one of `city`, `outcome`",
        ]
    );
}

#[test]
fn patterns_that_match_nothing_are_found() {
    assert_eq!(
        findings("patterns.rules.yml"),
        [
            "5: `refund.*` matches no value of label `outcome` of `shop_orders_total`: `failed`, `paid`",
            "7: `outcome!~\"paid|failed\"` excludes every series of `shop_orders_total`: the values are \
             `failed`, `paid`",
            "9: `shop_parcels_.*` matches no metric of the exporter",
        ]
    );
}

#[test]
fn recording_rules_exist() {
    assert_eq!(findings("recording.rules.yml"), [""; 0]);
}

#[test]
fn absent_metrics_exist() {
    assert_eq!(
        findings("absent.rules.yml"),
        ["7: `shop_orders_totals` does not exist, did you mean `shop_orders_total`?"]
    );
}

#[test]
fn subqueries_are_read() {
    assert_eq!(
        findings("subqueries.rules.yml"),
        ["9: `increase()` of `shop_customers`, which is a gauge: expected a counter"]
    );
}

#[test]
fn labels_that_a_query_makes_exist() {
    assert_eq!(findings("label_replace.rules.yml"), [""; 0]);
}

#[test]
fn foreign_metrics_are_not_judged() {
    assert_eq!(
        findings("foreign.rules.yml"),
        ["11: the query is invalid: unclosed left parenthesis"]
    );
}

#[test]
fn queries_of_dashboards_are_found_wherever_they_are() {
    assert_eq!(
        findings("dashboard.json"),
        [
            "7: `shop_orders` does not exist, did you mean `shop_orders_total`?",
            "22: `rate()` of `shop_customers`, which is a gauge: expected a counter",
            "28: label `shop_mode` of `shop_mode` is never `shut`, expected one of `closed`, `open`",
        ]
    );
}

#[test]
fn native_histograms_and_old_names_are_known() {
    assert_eq!(
        findings("native.rules.yml"),
        [
            "9: `shop_duration_seconds` does not exist, the histogram has `shop_duration_seconds_bucket`, \
             `shop_duration_seconds_sum`, `shop_duration_seconds_count`",
            "13: `shop_sales_total` is deprecated: renamed to shop_orders_total",
        ]
    );
}

#[test]
fn broken_files_are_one_finding() {
    let finding = |text: &str| {
        let file = QueryFile { name: "x".to_owned(), text: text.to_owned() };
        let findings = Schema::of::<Shop>().check_rules(&[file]);
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        findings.join("; ")
    };
    for text in ["", "a: b", "{", "{}", "groups: [{rules: [{record: a}]}]", "\u{0}", "- 1\n- :"] {
        let message = finding(text);
        assert!(message.starts_with("x:"), "{text:?}: {message}");
        assert!(!message.contains(['\n', ';']), "{text:?}: {message}");
    }
    assert_eq!(finding("{}"), "x:1: not a dashboard: it has no `panels`");
}

/// The schema of each exporter finds no mistake in the files of this repository.
#[test]
fn files_of_this_repository_have_no_mistakes() {
    let schemas = ["node_exporter", "postgres_exporter", "probe_exporter", "redis_exporter"]
        .map(|name| Schema::from_json(&read(&format!("examples/{name}/metrics.json"))).unwrap());
    let deployed = fs::read_dir(repository("deploy/prometheus")).unwrap();
    let files = deployed.map(|file| file.unwrap().path());
    let is_rules = |path: &std::path::PathBuf| path.to_str().unwrap().ends_with(".rules.yml");
    let files: Vec<_> = files.filter(is_rules).map(|path| file(&path, "deployed")).collect();
    assert!(!files.is_empty());
    for schema in schemas {
        let own = [
            QueryFile { name: "rules".to_owned(), text: schema.rules() },
            QueryFile { name: "dashboard".to_owned(), text: schema.grafana() },
        ];
        let findings = schema.check_rules(&[&files[..], &own].concat());
        assert_eq!(findings, []);
    }
}
