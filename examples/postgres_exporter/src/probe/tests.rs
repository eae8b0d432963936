//! Tests of targets.

use hello_exporter::probe::Probe;
use tokio_postgres::config::Host;

use super::Targets;

#[test]
fn target_is_a_host_with_or_without_a_port() {
    let targets = Targets::new(Some("u"), "p").unwrap();
    for (target, host, port) in [
        ("db", "db", 5432),
        ("db:6432", "db", 6432),
        ("postgresql://db:6432", "db", 6432),
        ("10.0.0.7:5433", "10.0.0.7", 5433),
        ("[::1]:5433", "::1", 5433),
        ("[::1]", "::1", 5432),
    ] {
        let config = &targets.server(target).unwrap().config;
        assert_eq!(config.get_hosts(), [Host::Tcp(host.to_owned())], "{target}");
        assert_eq!(config.get_ports(), [port], "{target}");
        assert_eq!(config.get_user(), Some("u"));
    }
}

#[test]
fn target_with_an_invalid_port_or_scheme_or_at_a_unix_socket_is_refused() {
    let targets = Targets::new(Some("u"), "p").unwrap();
    for target in ["db:postgres", "/run/postgresql", "http://db"] {
        assert!(targets.check_target(target).is_err(), "{target}");
    }
}
