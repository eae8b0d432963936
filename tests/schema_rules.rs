//! The alerts of a schema, checked and run by promtool.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::fs;
use std::process::Command;

use hello_exporter::http::Metrics;
use hello_exporter::schema::Schema;
use hello_exporter::{Collector, GaugeVec};
use hello_exporter_tests::http::serve;
use hello_exporter_tests::{PrometheusVersion, assert_golden, data, registry_of, text};
use serde_json::json;
use tempfile::TempDir;

fn exporter_schema() -> Schema {
    Schema::from_json(&fs::read_to_string(data("schema/exporter.json")).unwrap()).unwrap()
}

/// Removes the families whose names only Prometheus 3 can query.
fn without_utf8(mut schema: Schema) -> Schema {
    let is_plain = |name: &str| name.chars().all(|it| it == '_' || it.is_ascii_alphanumeric());
    schema.families.retain(|family| is_plain(&family.name));
    schema.probes.iter_mut().for_each(|it| it.families.retain(|it| is_plain(&it.name)));
    schema
}

/// Runs promtool in a directory with the rules and `schema/exporter.test.yml`.
fn promtool(schema: &Schema, arguments: &[&str]) -> (bool, String) {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("exporter.rules.yml"), schema.rules()).unwrap();
    fs::copy(data("schema/exporter.test.yml"), directory.path().join("exporter.test.yml")).unwrap();
    let mut promtool = Command::new("promtool");
    let output = promtool.current_dir(directory.path()).args(arguments).output().unwrap();
    (output.status.success(), text(&[output.stdout, output.stderr].concat()))
}

#[test]
fn rules_have_alerts_for_up_sources_and_gauges_that_end_in_up() {
    assert_golden("schema/exporter.rules.yml", &exporter_schema().rules());
}

#[test]
fn promtool_accepts_the_rules() {
    let schema = without_utf8(exporter_schema());
    let (is_good, report) = promtool(&schema, &["check", "rules", "exporter.rules.yml"]);
    assert!(is_good, "{report}");
    assert_eq!(report, "Checking exporter.rules.yml\n  SUCCESS: 4 rules found\n\n");
}

#[test]
fn each_alert_fires_when_it_should_and_not_before() {
    let schema = without_utf8(exporter_schema());
    let (is_good, report) = promtool(&schema, &["test", "rules", "exporter.test.yml"]);
    assert!(is_good, "{report}");
}

#[test]
fn schema_without_sources_has_the_alert_for_up_alone() {
    let rules = Schema::default().rules();
    let alerts: Vec<&str> = rules.lines().filter(|line| line.contains("- alert")).collect();
    assert_eq!(alerts, ["      - alert: \"ExporterDown\""]);
}

#[derive(Collector)]
#[collector(utf8)]
struct Links {
    /// Whether the link is up.
    #[metric(name = "net.link_up", labels = ["host.name", "job"])]
    links: GaugeVec<2>,
}

#[test]
fn prometheus_3_evaluates_alerts_of_utf8_names() {
    let links = Links::new();
    links.links.with(["a", "b"]).set(0.0);
    links.links.with(["c", "d"]).set(1.0);
    let rules = Schema::of::<Links>().rules().replace("for: 5m", "for: 0s");
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("rules.yml");
    fs::write(&file, rules).unwrap();
    let registry = registry_of(links);
    let server = serve(move |config| {
        config.service(Metrics::new(registry.clone()));
    });
    let prometheus = PrometheusVersion::V3.evaluating(&file, server.address);
    let alerts = prometheus.alerts(|alerts| *alerts != json!([]));
    let [alert] = alerts.as_array().unwrap().as_slice() else { panic!("{alerts}") };
    assert_eq!(
        (&alert["labels"], &alert["annotations"]),
        (
            &json!({
                "alertname": "NetLinkDown",
                "exported_job": "b",
                "host.name": "a",
                "instance": server.address.to_string(),
                "job": "exporter",
                "severity": "critical",
            }),
            &json!({
                "description": "net.link_up is 0. Its help: Whether the link is up.",
                "summary": format!(
                    "{} reports that net.link is down (host.name a, exported_job b)",
                    server.address
                ),
            }),
        ),
    );
}
