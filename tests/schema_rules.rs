//! The alerts of a schema, checked and run by promtool.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::convert::Infallible;
use std::fs;
use std::process::Command;

use hello_exporter::config::{ConfigFile, ConfigOptions};
use hello_exporter::http::Metrics;
use hello_exporter::schema::Schema;
use hello_exporter::{Collector, Exporter, GaugeVec};
use hello_exporter_tests::http::serve;
use hello_exporter_tests::{PrometheusVersion, assert_golden, data, read, registry_of, text};
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

/// Runs promtool in a directory with the rules of the schema, `exporter.rules.yml`, and the file of
/// tests, `exporter.test.yml`.
fn promtool(schema: &Schema, tests: &str, arguments: &[&str]) -> (bool, String) {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("exporter.rules.yml"), schema.rules()).unwrap();
    fs::copy(data(tests), directory.path().join("exporter.test.yml")).unwrap();
    let mut promtool = Command::new("promtool");
    let output = promtool.current_dir(directory.path()).args(arguments).output().unwrap();
    (output.status.success(), text(&[output.stdout, output.stderr].concat()))
}

/// Checks the rules of the schema, and runs the tests.
#[track_caller]
fn assert_rules(schema: &Schema, tests: &str, rules: usize) {
    let (is_good, report) = promtool(schema, tests, &["check", "rules", "exporter.rules.yml"]);
    assert!(is_good, "{report}");
    let expected = format!("Checking exporter.rules.yml\n  SUCCESS: {rules} rules found\n\n");
    assert_eq!(report, expected);
    let (is_good, report) = promtool(schema, tests, &["test", "rules", "exporter.test.yml"]);
    assert!(is_good, "{report}");
}

#[test]
fn rules_have_alerts_for_up_sources_and_gauges_that_end_in_up() {
    assert_golden("schema/exporter.rules.yml", &exporter_schema().rules());
}

#[test]
fn each_alert_fires_when_it_should_and_not_before() {
    assert_rules(&without_utf8(exporter_schema()), "schema/exporter.test.yml", 4);
}

#[derive(Default, serde::Deserialize)]
struct Config {}

impl ConfigFile for Config {}

#[derive(Collector)]
struct Mail {
    /// Mails in the queue.
    mail_queue_length: u64,
}

/// The schema of an exporter with sources and a configuration file.
fn own_schema() -> Schema {
    let mail = || Ok::<_, Infallible>(Mail { mail_queue_length: 0 });
    let exporter = Exporter::new("x").with_config(ConfigOptions::<_, Config>::optional());
    exporter.blocking_source_fn("mail", mail).schema()
}

/// Returns the alerts of a rule file, each as its name and its other lines, without quotes and
/// comments.
fn alerts(file: &str) -> Vec<(String, Vec<String>)> {
    let line = |line: &str| {
        let (key, value) = line.trim().split_once(':')?;
        let value = value.trim();
        let value = match value.as_bytes() {
            [b'"', .., b'"'] => value[1..value.len() - 1].replace("\\\"", "\""),
            [b'\'', .., b'\''] => value[1..value.len() - 1].to_owned(),
            _ => value.to_owned(),
        };
        (!key.starts_with('#')).then(|| format!("{key}: {value}"))
    };
    let alert = |text: &str| {
        let (name, rest) = text.split_once('\n').unwrap();
        (name.trim_matches('"').to_owned(), rest.lines().filter_map(line).collect())
    };
    file.split("- alert: ").skip(1).map(alert).collect()
}

/// Replaces each selector of metrics of any exporter, such as `{__name__=~".+_config"}`, by the
/// name of that metric of the exporter `x`.
fn of_exporter(line: &str) -> String {
    let mut parts = line.split("{__name__=~\".+_");
    let mut replaced = parts.next().unwrap().to_owned();
    for part in parts {
        let (selector, rest) = part.split_once('}').unwrap();
        replaced += &format!("x_{}{rest}", selector.split('"').next().unwrap());
    }
    replaced
}

#[test]
fn alerts_about_the_exporter_are_those_of_the_repository() {
    let generated = alerts(&own_schema().rules());
    let names: Vec<&str> = generated.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "ExporterDown",
        "ExporterCollectorFailing",
        "ExporterCollectorWithoutSeries",
        "ExporterCollectorSeriesGrowing",
        "ExporterCertificateExpiring",
        "ExporterCertificateExpiring",
        "ExporterWebConfigNotReloaded",
        "ExporterConfigNotReloaded",
    ];
    assert_eq!(names, expected);
    let deployed = alerts(&read("deploy/prometheus/exporters.rules.yml")).into_iter();
    let deployed = deployed.filter(|(name, _)| expected.contains(&name.as_str()));
    let deployed =
        deployed.map(|(name, lines)| (name, lines.iter().map(|line| of_exporter(line)).collect()));
    assert_eq!(generated, deployed.collect::<Vec<(String, Vec<String>)>>());
}

#[test]
fn each_alert_about_the_exporter_fires_when_it_should_and_not_before() {
    assert_rules(&own_schema(), "schema/own.test.yml", 8);
}

/// Returns the names of the alerts of a schema.
fn names(schema: &Schema) -> Vec<String> {
    alerts(&schema.rules()).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn alerts_need_their_metrics() {
    let own = [
        "ExporterDown",
        "ExporterCertificateExpiring",
        "ExporterCertificateExpiring",
        "ExporterWebConfigNotReloaded",
    ];
    let schema = Exporter::new("my-exporter").schema();
    assert_eq!(names(&schema), own);
    let rules = schema.rules();
    assert!(rules.contains("\"my_exporter_web_config_last_reload_successful == 0\""), "{rules}");
    let schema = Exporter::new("x").with_config(ConfigOptions::<_, Config>::optional()).schema();
    assert_eq!(names(&schema), [&own[..], &["ExporterConfigNotReloaded"]].concat());
}

#[test]
fn schema_without_sources_has_the_alert_for_up_alone() {
    assert_eq!(names(&Schema::default()), ["ExporterDown"]);
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
