//! The whole way: a declaration, the built exporter, a Prometheus server, its database.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::fs;
use std::path::Path;

use hello_exporter_tests::{Authority, Exporter, Prometheus};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The only value of a query's result, and its labels without those of the target.
fn single(result: &Value) -> Option<(Value, String)> {
    let [series] = result.as_array()?.as_slice() else {
        return None;
    };
    let mut labels = series["metric"].clone();
    for target in ["instance", "job"] {
        labels.as_object_mut()?.remove(target);
    }
    Some((labels, series["value"][1].as_str()?.to_owned()))
}

/// Waits until everything that the tutorial declares is in the server's database.
fn assert_stored(prometheus: &Prometheus) {
    let value = |query: &str, expected: &str| {
        let is_there = |result: &Value| single(result).is_some_and(|(_, value)| value == expected);
        single(&prometheus.query(query, is_there)).unwrap().0
    };

    assert_eq!(value("up", "1"), json!({"__name__": "up"}));
    assert_eq!(value("a", "1"), json!({"__name__": "a"}));
    assert_eq!(value("b", "2"), json!({"__name__": "b", "hello": "world", "hostname": "Hi"}));
    assert_eq!(prometheus.metadata("a"), ("gauge".to_owned(), "Display a.".to_owned()));
    // It asks for OpenMetrics, in which a counter's samples end in `_total`, or else it is unknown.
    assert_eq!(prometheus.metadata("b"), ("unknown".to_owned(), "Display b.".to_owned()));
    assert_eq!(prometheus.metadata("process_cpu_seconds").0, "counter");
}

#[test]
fn a_prometheus_server_stores_what_the_tutorial_declares() {
    let exporter = Exporter::start(&[]);
    assert_stored(&Prometheus::scraping(exporter.address));
}

/// Starts an exporter with a certificate of a new authority.
fn over_tls(directory: &Path, authority: &Authority, config: &str) -> Exporter {
    authority.server().write(directory, "server");
    authority.client(&[]).write(directory, "client");
    fs::write(directory.join("ca.crt"), &authority.certificate).unwrap();
    let file = directory.join("web.yml");
    let server = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";
    fs::write(&file, format!("{server}{config}")).unwrap();
    Exporter::start(&[&format!("--web.config.file={}", file.display())])
}

#[test]
fn a_prometheus_server_scrapes_over_tls_with_basic_authentication() {
    let directory = TempDir::new().unwrap();
    // The hash of `secret`, with the lowest cost.
    let users = "basic_auth_users:\n  alice: $2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n";
    let exporter = over_tls(directory.path(), &Authority::new(), users);
    let ca = directory.path().join("ca.crt").display().to_string();
    let scrape = format!("scheme: https\ntls_config: {{ca_file: {ca}}}\n");
    let with_password = format!("{scrape}basic_auth: {{username: alice, password: secret}}\n");
    assert_stored(&Prometheus::scraping_with(exporter.address, &with_password));

    let without = Prometheus::scraping_with(exporter.address, &scrape);
    without.query("up", |result| single(result).is_some_and(|(_, value)| value == "0"));
}

#[test]
fn a_prometheus_server_scrapes_over_mutual_tls() {
    let directory = TempDir::new().unwrap();
    let clients = "  client_ca_file: ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n";
    let exporter = over_tls(directory.path(), &Authority::new(), clients);
    let file = |name: &str| directory.path().join(name).display().to_string();
    let [ca, certificate, key] = ["ca.crt", "client.crt", "client.key"].map(file);
    let scrape = |more: &str| format!("scheme: https\ntls_config: {{ca_file: {ca}{more}}}\n");
    let with_certificate = scrape(&format!(", cert_file: {certificate}, key_file: {key}"));
    assert_stored(&Prometheus::scraping_with(exporter.address, &with_certificate));

    let without = Prometheus::scraping_with(exporter.address, &scrape(""));
    without.query("up", |result| single(result).is_some_and(|(_, value)| value == "0"));
}
