//! The documents that the example exporters print about themselves, in Prometheus.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::path::Path;
use std::process::Command;

use hello_exporter::schema::{FamilySchema, Schema};
use hello_exporter_tests::dashboard::queries;
use hello_exporter_tests::http::get;
use hello_exporter_tests::{
    Exporter, Prometheus, Redis, build_program, node, output_of, redis_exporter, without_cargo_env,
};
use serde_json::Value;
use tempfile::TempDir;

fn printed(program: &Path, document: &str) -> String {
    let argument = format!("--describe={document}");
    let output = output_of(without_cargo_env(program).arg(argument), b"");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns whether a query asks for a series of this family.
fn asks_for(query: &str, family: &FamilySchema) -> bool {
    let names = family.series_names().chain([family.name.clone()]);
    let is_of_name = |character: char| character == '_' || character.is_ascii_alphanumeric();
    names.into_iter().any(|name| {
        query.match_indices(&*name).any(|(at, _)| {
            let (before, after) =
                (query[..at].chars().next_back(), query[at + name.len()..].chars().next());
            !before.is_some_and(is_of_name) && !after.is_some_and(is_of_name)
        })
    })
}

/// Every query of the dashboard is valid, and returns data if the exporter has samples for it.
fn assert_dashboard(program: &Path, exporter: &Exporter, least: usize) {
    let schema = Schema::from_json(&printed(program, "json")).unwrap();
    let exposition = get(exporter.address, "/metrics").body;
    let has_samples = |family: &FamilySchema| {
        let mut names = family.series_names();
        names.any(|name| {
            let is_sample = |line: &str| {
                line.strip_prefix(&*name).is_some_and(|rest| rest.starts_with(['{', ' ']))
            };
            exposition.lines().any(is_sample)
        })
    };
    let prometheus = Prometheus::scraping(exporter.address);
    let mut full = 0;
    for query in queries(&printed(program, "grafana"), &exporter.address.to_string()) {
        let families: Vec<&FamilySchema> =
            schema.families.iter().filter(|family| asks_for(&query, family)).collect();
        let is_of_probe = families.is_empty();
        let is_full = !is_of_probe && families.iter().all(|family| has_samples(family));
        full += usize::from(is_full);
        let is_there =
            |result: &Value| result.as_array().is_some_and(|it| !is_full || !it.is_empty());
        prometheus.query(&query, is_there);
    }
    assert!(full >= least, "{full} queries return data");
}

#[test]
fn dashboard_of_the_node_exporter_has_data() {
    let program = node::program();
    assert_dashboard(&program, &Exporter::start_program(&program, &[]), 50);
}

#[test]
fn dashboard_of_the_redis_exporter_has_data() {
    let redis = Redis::start(&[]);
    let exporter = redis_exporter::start(redis.address, &[]);
    assert_dashboard(&redis_exporter::program(), &exporter, 100);
}

#[test]
fn promtool_accepts_the_alerts_of_the_exporters() {
    for name in ["node_exporter", "postgres_exporter", "probe_exporter", "redis_exporter"] {
        let rules = printed(&build_program(name, ["--bin", name]), "rules");
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("rules.yml");
        std::fs::write(&file, rules).unwrap();
        let output = Command::new("promtool").arg("check").arg("rules").arg(file).output().unwrap();
        assert!(output.status.success(), "{name}: {output:?}");
    }
}
