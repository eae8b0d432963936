//! Tests of targets.

use tokio_postgres::config::Host;

use super::{Login, server};

fn login() -> tokio_postgres::Config {
    let (user, password, database) = (Some("u".into()), "p".into(), "d".into());
    Login { user, password, database }.config().unwrap()
}

#[test]
fn target_is_a_host_with_or_without_a_port() {
    for (target, host, port) in [
        ("db", "db", 5432),
        ("db:6432", "db", 6432),
        ("postgresql://db:6432", "db", 6432),
        ("10.0.0.7:5433", "10.0.0.7", 5433),
        ("[::1]:5433", "::1", 5433),
        ("[::1]", "::1", 5432),
    ] {
        let config = &server(login(), target).unwrap().config;
        assert_eq!(config.get_hosts(), [Host::Tcp(host.to_owned())], "{target}");
        assert_eq!(config.get_ports(), [port], "{target}");
        assert_eq!(config.get_user(), Some("u"));
    }
}

#[test]
fn target_without_a_valid_port_or_at_a_unix_socket_is_refused() {
    for target in ["db:postgres", "/run/postgresql", "http://db"] {
        assert!(server(login(), target).is_err(), "{target}");
    }
}
