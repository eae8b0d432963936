//! The example postgres_exporter with a server that disconnects, refuses, or is slow.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::process::Command;

use hello_exporter_tests::http::get;
use hello_exporter_tests::postgres::PASSWORD;
use hello_exporter_tests::{Exporter, Postgres, build_program, poll};

fn start(url: &str, flags: &[&str]) -> Exporter {
    let mut command =
        Command::new(build_program("postgres_exporter", ["--bin", "postgres_exporter"]));
    command.env("DATA_SOURCE_NAME", url).arg("--web.listen-address=127.0.0.1:0").args(flags);
    Exporter::start_command(&mut command)
}

fn scrape(exporter: &Exporter) -> String {
    let response = get(exporter.address, "/metrics");
    assert_eq!(response.status, 200, "{}", response.body);
    response.body
}

fn is_up(exporter: &Exporter) -> bool {
    let body = scrape(exporter);
    let is_up = body.contains("\npg_up 1\n");
    assert_eq!(body.contains("\npg_database_size_bytes{"), is_up, "{body}");
    assert!(is_up || body.contains("\npg_up 0\n"), "{body}");
    is_up
}

/// Returns the process IDs of the exporter's connections in the server.
fn connections(postgres: &Postgres) -> Vec<String> {
    let pids = "SELECT pid FROM pg_stat_activity WHERE application_name = 'postgres_exporter'";
    postgres.sql(pids).lines().map(str::to_owned).collect()
}

#[test]
fn sources_share_one_connection_that_is_kept() {
    let postgres = Postgres::start(&[]);
    let exporter = start(&postgres.url("postgres"), &[]);
    assert!(is_up(&exporter));
    let first = connections(&postgres);
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(is_up(&exporter));
    assert_eq!(connections(&postgres), first);
}

#[test]
fn terminated_connection_is_replaced_without_losing_metrics() {
    let postgres = Postgres::start(&[]);
    let exporter = start(&postgres.url("postgres"), &[]);
    for _ in 0..3 {
        let body = scrape(&exporter);
        let success = "postgres_exporter_scrape_collector_success{";
        let successes: Vec<&str> = body.lines().filter(|line| line.starts_with(success)).collect();
        assert!(successes.len() == 4, "{body}");
        assert!(successes.iter().all(|line| line.ends_with(" 1")), "{successes:?}");
        assert_eq!(postgres.disconnect("postgres_exporter"), 1);
    }
}

#[test]
fn server_that_restarts_is_down_and_then_up() {
    let mut postgres = Postgres::start(&[]);
    let mut exporter = start(&postgres.url("postgres"), &[]);
    assert!(is_up(&exporter));
    postgres.stop();
    assert!(!is_up(&exporter));
    let line = exporter.next_line_with("collector=database");
    assert!(line.contains("error connecting to server: Connection refused"), "{line}");
    postgres.start_again();
    assert!(is_up(&exporter));
}

#[test]
fn wrong_password_is_logged_without_it() {
    let postgres = Postgres::start(&[]);
    let url = postgres.url("postgres").replace(PASSWORD, "wrong-password");
    let mut exporter = start(&url, &[]);
    assert!(!is_up(&exporter));
    let line = exporter.next_line_with("collector=database");
    assert!(line.contains("password authentication failed for user"), "{line}");
    assert!(!line.contains("wrong-password"), "{line}");
    postgres.sql("ALTER USER postgres PASSWORD 'wrong-password'");
    assert!(is_up(&exporter));
}

#[test]
fn unix_socket_is_queried() {
    let postgres = Postgres::start(&[]);
    let directory = postgres.socket_directory().display();
    let port = postgres.address.port();
    let url = format!("host={directory} port={port} user=postgres password={PASSWORD}");
    assert!(is_up(&start(&url, &[])));
}

#[test]
fn columns_of_a_query_are_labels_and_samples() {
    let postgres = Postgres::start(&[]);
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "
shop:
  query: |
    SELECT 'b \"c\"' AS kind, NULL AS place, 12345678901234567890.5 AS numeric, 7::oid AS oid,
      true AS flag, '1970-01-02'::timestamptz AS time, NULL AS nothing, 'x' AS text, 3 AS undeclared
  metrics:
    - kind: {usage: LABEL, description: A kind.}
    - place: {usage: LABEL}
    - numeric: {usage: COUNTER, description: A number.}
    - oid: {usage: GAUGE}
    - flag: {usage: GAUGE}
    - time: {usage: GAUGE}
    - nothing: {usage: GAUGE}
    - text: {usage: GAUGE}
broken:
  query: SELECT nothing
  metrics:
    - nothing: {usage: GAUGE}
";
    std::fs::write(file.path(), text).unwrap();
    let path = format!("--extend.query-path={}", file.path().display());
    let mut exporter = start(&postgres.url("postgres"), &[&path]);
    let response = get(exporter.address, "/metrics?collect[]=queries");
    let lines = response.body.lines().filter(|line| line.contains("shop_"));
    let expected = "\
# HELP shop_flag 
# TYPE shop_flag gauge
shop_flag{kind=\"b \\\"c\\\"\",place=\"\"} 1
# HELP shop_numeric A number.
# TYPE shop_numeric counter
shop_numeric{kind=\"b \\\"c\\\"\",place=\"\"} 1.2345678901234567e+19
# HELP shop_oid 
# TYPE shop_oid gauge
shop_oid{kind=\"b \\\"c\\\"\",place=\"\"} 7
# HELP shop_time 
# TYPE shop_time gauge
shop_time{kind=\"b \\\"c\\\"\",place=\"\"} 86400";
    assert_eq!(lines.collect::<Vec<_>>().join("\n"), expected);
    let line = exporter.next_line_with("query=broken");
    assert!(line.contains("column \\\"nothing\\\" does not exist"), "{line}");
}

#[test]
fn late_query_is_cancelled_and_fails_no_other_source() {
    let postgres = Postgres::start(&[]);
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "slow:\n  query: SELECT pg_sleep(3600)\n  metrics:\n    - a: {usage: GAUGE}\n";
    std::fs::write(file.path(), text).unwrap();
    let path = format!("--extend.query-path={}", file.path().display());
    let exporter = start(&postgres.url("postgres"), &[&path, "--extend.query-timeout=200ms"]);
    let response = get(exporter.address, "/metrics?collect[]=queries");
    let failed = "postgres_exporter_scrape_collector_success{collector=\"queries\"} 0\n";
    assert!(response.body.contains(failed), "{}", response.body);
    let sleeping = "SELECT count(*) FROM pg_stat_activity \
                    WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'";
    assert!(poll(|| (postgres.sql(sleeping) == "0").then_some(())).is_some());
    let response = get(exporter.address, "/metrics?collect[]=database");
    assert!(response.body.contains("\npg_up 1\n"), "{}", response.body);
}

/// The test shadows the function that computes sizes with one that sleeps for an hour.
#[test]
fn late_sizes_fail_only_their_collector() {
    let postgres = Postgres::start(&[]);
    postgres.sql("ALTER USER postgres SET search_path = public, pg_catalog");
    postgres.sql(
        "CREATE FUNCTION public.pg_database_size(oid) RETURNS float LANGUAGE sql \
         AS 'SELECT pg_sleep(3600); SELECT 0.0'",
    );
    let body = scrape(&start(&postgres.url("postgres"), &["--database.timeout=200ms"]));
    let success = "postgres_exporter_scrape_collector_success";
    let successes = body.lines().filter_map(|line| line.strip_prefix(success));
    assert_eq!(
        successes.collect::<Vec<_>>(),
        [
            r#"{collector="database"} 0"#,
            r#"{collector="activity"} 1"#,
            r#"{collector="settings"} 1"#,
            r#"{collector="statistics"} 1"#,
        ],
        "{body}"
    );
    assert!(body.contains("\npg_up 0\n"), "{body}");
    let sizes = "SELECT count(*) FROM pg_stat_activity \
                 WHERE application_name = 'postgres_exporter' AND query LIKE '%pg_database_size%'";
    assert!(poll(|| (postgres.sql(sizes) == "0").then_some(())).is_some());
}
