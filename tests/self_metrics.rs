//! Metrics of an exporter about itself: series of each collector, reloads, certificates.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use hello_exporter::Format;
use hello_exporter_tests::http::{get, get_accepting};
use hello_exporter_tests::web_config::{Directory, SECRET, TLS, metrics_url, users};
use hello_exporter_tests::{Authority, Exporter, build_example, curl, samples};

/// Returns the number of series of each source, in a response of this format.
fn series(format: Format, body: &[u8]) -> Vec<(String, f64)> {
    let samples = samples(format, body).into_iter();
    let counts = samples.filter(|sample| sample.name == "self_metrics_scrape_collector_series");
    counts.map(|sample| (sample.labels["collector"].clone(), sample.value)).collect()
}

#[test]
fn series_of_each_source_are_counted_in_every_format() {
    let program = build_example("hello_exporter_tests", "self_metrics");
    let exporter = Exporter::start_program(&program, &[]);
    let expected =
        [("values", 2.0), ("live", 5.0), ("disks", 2.0), ("half", 0.0), ("failing", 0.0)]
            .map(|(name, series)| (name.to_owned(), series));
    let formats = [
        (Format::Text, "text/plain"),
        (Format::OpenMetrics, "application/openmetrics-text"),
        (
            Format::Protobuf,
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
             encoding=delimited",
        ),
    ];
    for (format, accept) in formats {
        let response = get_accepting(exporter.address, "/metrics", accept);
        assert_eq!(series(format, &response.bytes), expected, "{format:?}");
    }
    // A response with some families has only their series.
    let query = "/metrics?name[]=lag_seconds&name[]=self_metrics_scrape_collector_series";
    let response = get(exporter.address, query);
    let of_live =
        series(Format::Text, &response.bytes).into_iter().find(|(name, _)| name == "live");
    assert_eq!(of_live, Some(("live".to_owned(), 1.0)));
}

/// Returns the lines about the web configuration, and the timestamp of the last success, which is
/// `T` in the lines.
fn of_web_config(exposition: &str) -> (String, f64) {
    let mut lines: String = exposition
        .lines()
        .filter(|line| line.contains("_web_"))
        .map(|line| format!("{line}\n"))
        .collect();
    let last = "\nhello_exporter_web_config_last_reload_success_timestamp_seconds ";
    let (_, rest) = lines.split_once(last).unwrap();
    let timestamp = rest.lines().next().unwrap().to_owned();
    lines = lines.replace(&timestamp, "T");
    (lines, timestamp.parse().unwrap())
}

fn expected(is_successful: u8, certificate: &str) -> String {
    format!(
        "\
# HELP hello_exporter_web_config_last_reload_success_timestamp_seconds Timestamp of the last successful configuration reload.
# TYPE hello_exporter_web_config_last_reload_success_timestamp_seconds gauge
hello_exporter_web_config_last_reload_success_timestamp_seconds T
# HELP hello_exporter_web_config_last_reload_successful Whether the last configuration reload attempt was successful.
# TYPE hello_exporter_web_config_last_reload_successful gauge
hello_exporter_web_config_last_reload_successful {is_successful}
{certificate}"
    )
}

#[test]
fn failed_reload_of_the_web_configuration_is_exposed_until_the_next_success() {
    let directory = Directory::new();
    let mut exporter = directory.start("");
    let scrape = |exporter: &Exporter| of_web_config(&get(exporter.address, "/metrics").body);
    let (lines, first) = scrape(&exporter);
    assert_eq!(lines, expected(1, ""));
    assert!(first > 1.7e9, "{first}");
    directory.write("basic_auth_users: {");
    exporter.next_line_with("Cannot use the changed web configuration");
    assert_eq!(scrape(&exporter), (expected(0, ""), first));
    // It is valid, but cannot replace the settings in force.
    directory.write(TLS);
    exporter.next_line_with("TLS cannot be turned on without a restart");
    assert_eq!(scrape(&exporter), (expected(0, ""), first));
    directory.write("http_server_config: {headers: {X-Frame-Options: deny}}\n");
    exporter.next_line_with("Reloaded the web configuration");
    let (lines, second) = scrape(&exporter);
    assert_eq!(lines, expected(1, ""));
    assert!(second > first, "{second} {first}");
}

/// Returns the lines about a certificate.
fn certificate(not_after: &str) -> String {
    format!(
        "\
# HELP hello_exporter_web_tls_certificate_not_after_timestamp_seconds Expiry of the TLS certificate, or of the certificate of its chain that expires first.
# TYPE hello_exporter_web_tls_certificate_not_after_timestamp_seconds gauge
hello_exporter_web_tls_certificate_not_after_timestamp_seconds {not_after}
"
    )
}

#[test]
fn expiry_of_the_first_certificate_of_the_chain_is_exposed() {
    let directory = Directory::new();
    let short = Authority::until(2050).certificate;
    let chain = directory.read("server.crt") + &short;
    std::fs::write(directory.path("server.crt"), chain).unwrap();
    let mut exporter = directory.start(TLS);
    let scrape = |exporter: &Exporter, ca: &str| {
        let ca = directory.path(ca);
        of_web_config(&curl(&metrics_url(exporter), &["--cacert", &ca]).unwrap().body).0
    };
    // 2050-12-31
    assert_eq!(scrape(&exporter, "ca.crt"), expected(1, &certificate("2556057600")));
    let renewed = Authority::new();
    renewed.server().write(directory.root(), "server");
    std::fs::write(directory.path("renewed.crt"), &renewed.certificate).unwrap();
    exporter.next_line_with("Reloaded the web configuration");
    // 2099-12-31
    assert_eq!(scrape(&exporter, "renewed.crt"), expected(1, &certificate("4102358400")));
}

#[test]
fn metrics_about_the_web_configuration_need_the_file_and_no_other_flag() {
    let has_them = |exporter: &Exporter| get(exporter.address, "/metrics").body.contains("_web_");
    assert!(!has_them(&Exporter::start(&[])));
    let directory = Directory::new();
    assert!(has_them(&directory.start_with("", &["--web.disable-exporter-metrics"])));
    // They are not for those who may not read the other metrics.
    let exporter = directory.start(&users(&[("alice", SECRET)]));
    let response = get(exporter.address, "/metrics");
    assert_eq!((response.status, &*response.body), (401, "Unauthorized\n"));
}
