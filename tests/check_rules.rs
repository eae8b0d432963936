//! Alert rules and dashboards are checked against the metrics of an exporter.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, dead_code, missing_docs, reason = "tests")]

use std::fs;
use std::process::Command;

use hello_exporter::schema::{RuleFile, Schema};
use hello_exporter::{
    Collector, Counter, CounterVec, Family, Gauge, GaugeVec, HistogramVec, Info, LabelValue,
    Labels, StateSet, SummarySnapshot,
};
use hello_exporter_tests::{assert_golden, data, read, repository, text};

#[derive(LabelValue)]
enum Method {
    Cash,
    Card,
    Voucher,
}

#[derive(LabelValue)]
enum Door {
    Open,
    Closed,
}

#[derive(Labels)]
struct Order {
    item: String,
    method: Method,
}

#[derive(Labels)]
struct Build {
    version: String,
    revision: String,
}

#[derive(Collector)]
#[collector(namespace = "shop")]
struct Shop {
    /// Orders received.
    orders_total: Family<Order, Counter>,
    #[metric(help = "Things in stock.", labels = ["item"])]
    stock: GaugeVec<1>,
    #[metric(help = "The price of a thing.", labels = ["item"], unit = "euros")]
    price_euros: GaugeVec<1>,
    #[metric(help = "Visitors at the moment.", const_labels(floor = "ground"))]
    visitors: Gauge,
    /// Whether the door is open.
    door: StateSet<Door>,
    /// The till's software.
    build_info: Info<Build>,
    #[metric(help = "Time in the queue.", labels = ["item"], buckets = [0.5, 1])]
    checkout_seconds: HistogramVec<1>,
    #[metric(help = "Time to pay.", labels = ["item"], native, renamed_from = "pay_seconds")]
    pay_time_seconds: HistogramVec<1>,
    /// Time of a delivery.
    delivery_seconds: SummarySnapshot,
    #[metric(help = "Things sold.", renamed_from = "sales_total")]
    sold_total: Counter,
    #[metric(help = "Faxes that wait.", deprecated = "customers have no fax")]
    fax_queue: Gauge,
    /// A value of an old till.
    #[metric(untyped)]
    legacy: f64,
}

/// Metrics with names that other programs have, too.
#[derive(Collector)]
struct Program {
    #[metric(help = "Requests.", labels = ["code"])]
    http_requests_total: CounterVec<1>,
    /// Time of requests.
    http_time_seconds: Gauge,
    /// Open files.
    process_open_fds: Gauge,
    /// The most open files.
    process_max_fds: Gauge,
}

fn schema() -> Schema {
    let mut schema = Schema::of::<Shop>();
    schema.families.extend(Schema::of::<Program>().families);
    schema
}

/// Reads a file below `tests/check_rules`.
fn file(name: &str) -> RuleFile {
    RuleFile::new(name, fs::read_to_string(data(&format!("check_rules/{name}"))).unwrap())
}

fn findings(schema: &Schema, files: &[RuleFile]) -> Vec<String> {
    schema.check_rules(files).iter().map(ToString::to_string).collect()
}

/// Asserts that the findings in a file are those in the file next to it.
#[track_caller]
fn assert_findings(name: &str) {
    let findings = findings(&schema(), &[file(name)]);
    let lines: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    assert_golden(&format!("check_rules/{name}.findings"), &lines);
}

#[test]
fn metrics_that_cannot_exist_and_old_names_are_reported() {
    assert_findings("misspelt_metric.yml");
}

#[test]
fn labels_of_other_metrics_are_reported_and_labels_of_targets_accepted() {
    assert_findings("label_of_another_metric.yml");
}

#[test]
fn impossible_label_values_are_reported() {
    assert_findings("impossible_value.yml");
}

#[test]
fn regexes_that_match_nothing_are_reported() {
    assert_findings("regex_without_match.yml");
}

#[test]
fn functions_of_the_wrong_type_and_raw_counters_are_reported() {
    assert_findings("rate_of_a_gauge.yml");
}

#[test]
fn recording_rules_are_known() {
    assert_findings("recording_rules.yml");
}

#[test]
fn absent_needs_a_metric_that_can_exist() {
    assert_findings("absent.yml");
}

#[test]
fn subqueries_and_offsets_are_followed() {
    assert_findings("subqueries.yml");
}

#[test]
fn created_labels_are_known() {
    assert_findings("label_replace.yml");
}

#[test]
fn metrics_of_other_programs_are_not_judged() {
    assert_findings("foreign_metrics.yml");
}

#[test]
fn native_histograms_are_series_of_their_own() {
    assert_findings("native_histogram.yml");
}

#[test]
fn invalid_expressions_are_reported_with_the_parsers_message() {
    assert_findings("invalid_expressions.yml");
}

#[test]
fn variables_of_dashboards_are_replaced() {
    assert_findings("variables.json");
}

#[test]
fn rows_and_data_sources_of_dashboards_are_followed() {
    assert_findings("rows.json");
}

#[test]
fn kubernetes_resource_has_rules() {
    assert_findings("kubernetes.yml");
}

#[test]
fn other_files_are_one_finding() {
    let files = ["broken.yml", "no_groups.yml", "broken.json", "no_panels.json"].map(file);
    let empty = [RuleFile::new("empty", ""), RuleFile::new("text", "{\"panels\": 5}")];
    assert_eq!(
        findings(&schema(), &[files.as_slice(), &empty].concat()),
        [
            "broken.yml:3: not a rule file: unclosed bracket '['",
            "no_groups.yml:1: not a rule file: it has no `groups`",
            "broken.json:3: not a dashboard: expected value",
            "no_panels.json:1: not a dashboard: it has no `panels`",
            "empty:1: not a rule file: it has no `groups`",
            "text:1: not a dashboard: invalid type: integer `5`, expected a sequence",
        ],
    );
}

#[test]
fn recorded_names_are_known_in_all_files() {
    let dashboard = RuleFile::new(
        "shop.json",
        r#"{"panels": [{"targets": [{"expr": "shop_orders_rate5m + shop_orders_rate3m"}]}]}"#,
    );
    let files = [dashboard, file("recording_rules.yml")];
    assert_eq!(
        findings(&schema(), &files)[0],
        "shop.json:1: there is no metric `shop_orders_rate3m`, did you mean `shop_orders_rate5m`?"
    );
}

fn findings_of(expr: &str) -> Vec<String> {
    let rules = format!("groups: [{{rules: [{{expr: {}}}]}}]", serde_json::Value::from(expr));
    findings(&schema(), &[RuleFile::new("a.yml", rules)])
}

#[test]
fn labels_of_targets_are_not_judged() {
    for label in ["version", "node", "role", "cluster", "instance", "vendor"] {
        let query = format!("sum by ({label}) (shop_stock{{{label}=\"a\"}})");
        assert_eq!(findings_of(&query), [""; 0], "{label}");
    }
}

#[test]
fn counter_in_another_unit_is_a_counter() {
    assert_eq!(findings_of("shop_sold_total * 1000"), [""; 0]);
    assert_eq!(findings_of("(shop_sold_total / (60)) > 1").len(), 1);
}

#[test]
fn strings_in_backticks_are_raw() {
    assert_eq!(findings_of(r#"shop_stock{item=~`a\.b"\d+`, job!~"a\\.b`"} > 1"#), [""; 0]);
}

#[test]
fn names_without_their_unit_get_it() {
    assert_eq!(
        findings_of("shop_sold > 1"),
        ["a.yml:1: there is no metric `shop_sold`, did you mean `shop_sold_total`?"]
    );
}

/// The parser would overflow the stack.
#[test]
fn enormous_expressions_are_not_parsed() {
    let error = "a.yml:1: invalid expression: more than 1000 operators and brackets";
    let deep = |start: &str, end: &str| start.repeat(50_000) + "shop_stock" + &end.repeat(50_000);
    for query in [deep("(", ")"), deep("-", ""), deep("abs(", ")"), deep("", " or shop_stock")] {
        assert_eq!(findings_of(&query), [error]);
    }
    for end in [" AND shop_stock", " or#\nshop_stock", " Unless\tshop_stock", " atan2 shop_stock"] {
        assert_eq!(findings_of(&deep("", end)), [error], "{end}");
    }
    assert_eq!(findings_of(&("shop_stock".to_owned() + &"+shop_stock".repeat(900))), [""; 0]);
}

#[test]
fn files_may_have_several_documents_and_be_long() {
    let group = "groups: [{rules: [{expr: shop_stcok}]}]\n";
    let text = format!("{group}---\n{group}---\n");
    assert_eq!(findings(&schema(), &[RuleFile::new("a.yml", text)]).len(), 2);
    let rules = "  - {alert: A, expr: shop_stock > 1, labels: {a: b}}\n".repeat(30_000);
    let long = format!("groups:\n- name: a\n  rules:\n{rules}");
    assert_eq!(findings(&schema(), &[RuleFile::new("a.yml", long)]), [""; 0]);
}

#[test]
fn templates_are_one_finding() {
    let text = "{{- if .Values.alerts }}\ngroups: []\n{{- end }}\n";
    assert_eq!(
        findings(&schema(), &[RuleFile::new("a.yml", text)]),
        ["a.yml:1: a template: render it first"]
    );
}

#[test]
fn long_dashboards_are_read() {
    let panel = r#"{"targets": [{"expr": "shop_stcok"}]}"#;
    let panels = vec![panel; 50_000].join(",\n");
    let dashboard = RuleFile::new("a.json", format!("{{\"panels\": [\n{panels}\n]}}"));
    let findings = findings(&schema(), &[dashboard]);
    assert_eq!(findings.len(), 50_000);
    let last = "a.json:50001: there is no metric `shop_stcok`, did you mean `shop_stock`?";
    assert_eq!(findings.last().map(String::as_str), Some(last));
}

/// Other databases have languages that are like PromQL.
#[test]
fn invalid_queries_of_dashboards_are_findings_if_they_name_a_metric() {
    let dashboard = |expr: &str| {
        let text = format!(r#"{{"panels": [{{"targets": [{{"expr": "{expr}"}}]}}]}}"#);
        findings(&schema(), &[RuleFile::new("a.json", text)]).len()
    };
    assert_eq!(dashboard("{job=`a`} |= `error`"), 0);
    assert_eq!(dashboard("topk_max(5, foreign)"), 0);
    assert_eq!(dashboard("sum(shop_stock"), 1);
}

/// Dynamic families can have any name.
#[test]
fn names_of_dynamic_families_are_accepted_unless_nearly_known() {
    let mut schema = schema();
    schema.has_dynamic = true;
    let rules = "groups: [{rules: [{expr: shop_new}, {expr: shop_vistors}, {expr: shop_vstrs}]}]";
    assert_eq!(
        findings(&schema, &[RuleFile::new("new.yml", rules)]),
        ["new.yml:1: there is no metric `shop_vistors`, did you mean `shop_visitors`?"]
    );
}

#[test]
fn unreadable_file_is_an_error() {
    let directory = repository("tests/check_rules");
    let missing = directory.join("missing.yml");
    assert_eq!(
        RuleFile::read(&missing).unwrap_err().to_string(),
        format!("cannot read `{}`: No such file or directory (os error 2)", missing.display())
    );
    assert_eq!(RuleFile::read(directory.join("absent.yml")).unwrap().text, file("absent.yml").text);
}

/// The parser accepts what Prometheus accepts.
#[test]
fn prometheus_accepts_the_files() {
    let names = fs::read_dir(data("check_rules")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let invalid = ["broken.yml", "no_groups.yml", "invalid_expressions.yml", "kubernetes.yml"];
    for name in names.filter(|name| name.ends_with(".yml") && !invalid.contains(&name.as_str())) {
        let path = data(&format!("check_rules/{name}"));
        let output = Command::new("promtool").args(["check", "rules"]).arg(path).output().unwrap();
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    }
}

/// The schema of each exporter finds no mistake in the rules of this repository, nor in the alerts
/// and the dashboard that are made of it.
#[test]
fn rules_of_the_repository_have_no_findings() {
    let deployed = fs::read_dir(repository("deploy/prometheus")).unwrap();
    let deployed = deployed.map(|entry| entry.unwrap().path());
    let deployed = deployed.filter(|path| path.to_str().unwrap().ends_with(".rules.yml"));
    let deployed: Vec<RuleFile> = deployed.map(|path| RuleFile::read(path).unwrap()).collect();
    assert!(!deployed.is_empty());
    for name in ["node_exporter", "postgres_exporter", "probe_exporter", "redis_exporter"] {
        let schema = Schema::from_json(&read(&format!("examples/{name}/metrics.json"))).unwrap();
        let own = [
            RuleFile::new("alerts.yml", schema.rules()),
            RuleFile::new("dashboard.json", schema.grafana()),
        ];
        assert_eq!(findings(&schema, &[&deployed[..], &own].concat()), [""; 0], "{name}");
    }
}
