//! Probes of the example postgres_exporter.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use hello_exporter_tests::http::{Response, get};
use hello_exporter_tests::{Exporter, Postgres, build_program, free_address, parse};

/// The password of the user `probe`.
const PROBE_PASSWORD: &str = "probe-probe";

/// Starts an exporter whose own server does not run, with credentials for the targets of probes.
fn start(flags: &[&str]) -> Exporter {
    start_as("probe", flags)
}

fn start_as(user: &str, flags: &[&str]) -> Exporter {
    let mut command =
        Command::new(build_program("postgres_exporter", ["--bin", "postgres_exporter"]));
    let server = format!("postgresql://postgres:hunter2-hunter2@{}", free_address());
    command.env("DATA_SOURCE_NAME", server).env("PROBE_PASSWORD", PROBE_PASSWORD);
    command.env("PROBE_USER", user).arg("--web.listen-address=127.0.0.1:0").args(flags);
    Exporter::start_command(&mut command)
}

fn target() -> Postgres {
    let postgres = Postgres::start(&[]);
    postgres.sql(&format!("CREATE USER probe PASSWORD '{PROBE_PASSWORD}' IN ROLE pg_monitor"));
    postgres
}

fn probe(exporter: &Exporter, target: &str) -> Response {
    get(exporter.address, &format!("/probe?target={target}"))
}

/// Returns the names of the families that begin with `pg_`.
fn families(exposition: &str) -> BTreeSet<String> {
    let names = parse(exposition).into_iter().map(|family| family.name);
    names.filter(|name| name.starts_with("pg_")).collect()
}

#[test]
fn probe_exposes_the_families_of_a_scrape_except_up() {
    let postgres = target();
    let body = probe(&start(&[]), &postgres.address.to_string()).body;
    assert!(body.contains("\nprobe_success 1\n"), "{body}");
    let mut own = Command::new(build_program("postgres_exporter", ["--bin", "postgres_exporter"]));
    own.env("DATA_SOURCE_NAME", postgres.url("postgres")).arg("--web.listen-address=127.0.0.1:0");
    let mut scraped = families(&get(Exporter::start_command(&mut own).address, "/metrics").body);
    assert!(scraped.remove("pg_up"));
    assert_eq!(families(&body), scraped);
}

#[test]
fn probe_omits_disabled_collectors() {
    let postgres = target();
    let exporter = start(&["--no-collector.settings", "--no-collector.statistics"]);
    let body = probe(&exporter, &postgres.address.to_string()).body;
    let expected =
        ["pg_database_size_bytes", "pg_stat_activity_count", "pg_stat_activity_max_tx_duration"];
    assert_eq!(families(&body), BTreeSet::from(expected.map(str::to_owned)), "{body}");
}

/// The target requests the password in plain text.
#[test]
fn target_receives_only_the_password_of_probes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let target = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut received = vec![0; 4096];
        let startup = client.read(&mut received).unwrap();
        client.write_all(b"R\0\0\0\x08\0\0\0\x03").unwrap();
        let password = client.read(received.get_mut(startup..).unwrap()).unwrap();
        received.truncate(startup + password);
        String::from_utf8_lossy(&received).into_owned()
    });
    let body = probe(&start(&["--no-collector.statistics"]), &address.to_string()).body;
    assert!(body.contains("\nprobe_success 0\n"), "{body}");
    let received = target.join().unwrap();
    assert!(received.contains(&format!("p\0\0\0\x10{PROBE_PASSWORD}\0")), "{received:?}");
    assert!(!received.contains("hunter2"), "{received:?}");
}

#[test]
fn target_that_matches_no_pattern_is_refused() {
    let postgres = target();
    let address = postgres.address.to_string();
    let response = probe(&start(&["--probe.allow-target=10.0.0.*:5432"]), &address);
    assert_eq!(response.status, 403, "{}", response.body);
    let response = probe(&start(&["--probe.allow-target=127.0.0.*:*"]), &address);
    assert!(response.body.contains("\nprobe_success 1\n"), "{}", response.body);
}

#[test]
fn invalid_target_is_refused() {
    let exporter = start(&[]);
    for target in ["", "db:postgres", "/run/postgresql", "me:secret@db", "http://db"] {
        let response = probe(&exporter, target);
        assert_eq!(response.status, 400, "{target}: {}", response.body);
    }
    let response = get(exporter.address, "/probe?target=db&collect[]=settings");
    assert_eq!(
        (response.status, &*response.body),
        (400, "collect[] cannot be used with a probe\n")
    );
}

#[test]
fn exporter_without_a_probe_user_has_no_probes() {
    let response = probe(&start_as("", &[]), "db");
    assert_eq!(response.status, 404, "{}", response.body);
}
