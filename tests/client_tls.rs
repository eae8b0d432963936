//! Server and client certificates that are renewed while an exporter runs.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use hello_exporter_tests::http::get;
use hello_exporter_tests::{Authority, Exporter, Redis, build_program, free_address};
use tempfile::TempDir;

/// The files of a server and of the exporter, in one directory.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// Writes the certificates and keys of both sides, issued by this authority.
    fn renew(&self, authority: &Authority) {
        self.renew_server(authority);
        fs::write(self.path("ca.crt"), &authority.certificate).unwrap();
        authority.client(&[]).write(self.0.path(), "client");
    }

    fn renew_server(&self, authority: &Authority) {
        fs::write(self.path("server-ca.crt"), &authority.certificate).unwrap();
        authority.server().write(self.0.path(), "server");
    }

    fn server(&self, address: SocketAddr) -> Redis {
        let [certificate, key, authority] =
            ["server.crt", "server.key", "server-ca.crt"].map(|name| self.path(name));
        Redis::start_with_tls_at(
            address,
            &[
                "--tls-cert-file",
                &certificate,
                "--tls-key-file",
                &key,
                "--tls-ca-cert-file",
                &authority,
                "--tls-auth-clients",
                "yes",
            ],
        )
    }

    fn exporter(&self, address: SocketAddr) -> Exporter {
        let program = build_program("redis_exporter", ["--bin", "redis_exporter"]);
        Exporter::start_program(
            &program,
            &[
                &format!("--redis.addr=rediss://{address}"),
                &format!("--tls-ca-cert-file={}", self.path("ca.crt")),
                &format!("--tls-client-cert-file={}", self.path("client.crt")),
                &format!("--tls-client-key-file={}", self.path("client.key")),
            ],
        )
    }
}

fn is_up(exporter: &Exporter) -> bool {
    get(exporter.address, "/metrics").body.lines().any(|line| line == "redis_up 1")
}

#[test]
fn renewed_certificates_are_used_by_the_next_connection() {
    let (files, address) = (Files::new(), free_address());
    files.renew(&Authority::new());
    let redis = files.server(address);
    let mut exporter = files.exporter(address);
    assert!(is_up(&exporter));
    drop(redis);

    files.renew(&Authority::new());
    let redis = files.server(address);
    assert!(is_up(&exporter));
    let line = exporter.next_line_with("Reloaded the TLS files of the client");
    assert!(line.contains("level=info"), "{line}");
    drop(redis);

    // Only the server's certificate is new: the exporter does not know its authority.
    files.renew_server(&Authority::new());
    let _redis = files.server(address);
    assert!(!is_up(&exporter));
    let (_, log) = exporter.signal("TERM");
    assert!(!log.iter().any(|line| line.contains("Reloaded")), "{log:?}");
}

#[test]
fn invalid_reload_is_logged_once_and_ignored() {
    let (files, address) = (Files::new(), free_address());
    files.renew(&Authority::new());
    let _redis = files.server(address);
    let exporter = files.exporter(address);
    assert!(is_up(&exporter));

    let names = ["ca.crt", "client.crt", "client.key"].map(|name| files.path(name));
    let good = names.each_ref().map(|name| fs::read(name).unwrap());
    let breaks: [(&str, Option<&str>, &str); 4] = [
        (&names[0], Some("x\n"), "@/ca.crt contains no certificate"),
        (&names[0], None, "cannot read @/ca.crt: No such file or directory (os error 2)"),
        (&names[1], Some("x\n"), "cannot use @/client.crt"),
        (&names[2], Some(""), "cannot read @/client.key"),
    ];
    for (name, contents, _) in breaks {
        match contents {
            Some(contents) => fs::write(name, contents).unwrap(),
            None => fs::remove_file(name).unwrap(),
        }
        for _ in 0..3 {
            assert!(is_up(&exporter), "{name}");
        }
        for (name, good) in names.iter().zip(&good) {
            fs::write(Path::new(name), good).unwrap();
        }
        assert!(is_up(&exporter), "{name}");
    }
    let (_, log) = exporter.signal("TERM");
    let message = "msg=\"Cannot use the changed TLS files of the client, keeping the previous ones\" error=\"";
    let errors = log.iter().filter_map(|line| line.split_once(message));
    let errors: Vec<String> =
        errors.map(|(_, error)| error.replace(&files.path(""), "@/")).collect();
    assert_eq!(errors.len(), breaks.len(), "{errors:?}");
    for (error, (_, _, expected)) in errors.iter().zip(breaks) {
        assert!(error.starts_with(expected), "{error}");
    }
    assert_eq!(
        log.iter().filter(|line| line.contains("Reloaded the TLS files")).count(),
        breaks.len()
    );
}
