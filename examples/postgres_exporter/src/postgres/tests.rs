//! Tests of targets.

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::Postgres;

#[test]
fn target_is_a_host_with_or_without_a_port() {
    let login: Config = "user=u password=p".parse().unwrap();
    for (target, host, port) in [
        ("db", "db", 5432),
        ("db:6432", "db", 6432),
        ("10.0.0.7:5433", "10.0.0.7", 5433),
        ("[::1]:5433", "::1", 5433),
        ("[::1]", "::1", 5432),
        // No Unix socket.
        ("/run/postgresql", "run/postgresql", 5432),
    ] {
        let config = Postgres::at(target, &login).unwrap().config;
        assert_eq!(config.get_hosts(), [Host::Tcp(host.to_owned())], "{target}");
        assert_eq!(config.get_ports(), [port], "{target}");
        assert_eq!(config.get_user(), Some("u"));
    }
    assert!(Postgres::at("db:postgres", &login).is_err());
}
