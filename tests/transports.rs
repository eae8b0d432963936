//! What connections go over: Unix sockets.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

use hello_exporter_tests::http::{Response, get};
use hello_exporter_tests::web_config::{Directory, SECRET, TLS, users};
use hello_exporter_tests::{Exporter, build, curl};
use tempfile::TempDir;

fn socket(directory: &TempDir) -> PathBuf {
    directory.path().join("exporter.sock")
}

/// Scrapes over a Unix socket.
fn scrape(socket: &Path, url: &str, arguments: &[&str]) -> Result<Response, String> {
    curl(url, &[&["--unix-socket", socket.to_str().unwrap()], arguments].concat())
}

fn status(socket: &Path, arguments: &[&str]) -> u16 {
    scrape(socket, "http://localhost/metrics", arguments).unwrap().status
}

#[test]
fn unix_socket_of_systemd_is_listened_on() {
    let directory = TempDir::new().unwrap();
    let socket = socket(&directory);
    let arguments = ["--web.systemd-socket", "--log.level=debug"];
    let mut exporter = Exporter::start_activated_on(&build(), &socket, &arguments);
    let response = scrape(&socket, "http://localhost/metrics", &[]).unwrap();
    assert_eq!(response.status, 200);
    assert!(response.body.starts_with("# HELP a Display a.\n"), "{}", response.body);
    let line = exporter.next_line_with("msg=\"Listening on\"");
    assert!(line.ends_with(&format!(" address={}\n", socket.display())), "{line}");
    // Nobody has an address.
    let line = exporter.next_line_with("msg=Answered");
    assert!(line.contains("msg=Answered method=GET uri=/metrics status=200 "), "{line}");

    let (status, log) = exporter.signal("TERM");
    assert_eq!(status.code(), Some(0), "{log:?}");
    assert!(socket.exists(), "it is systemd's");
}

#[test]
fn clients_of_a_unix_socket_are_one_host() {
    let (directory, sockets) = (Directory::new(), TempDir::new().unwrap());
    let socket = socket(&sockets);
    let config = format!("rate_limit: {{interval: 1h, burst: 3}}\n{}", users(&[("alice", SECRET)]));
    let config = format!("--web.config.file={}", directory.write(&config).display());
    let arguments = ["--web.systemd-socket", &config];
    let exporter = Exporter::start_activated_on(&build(), &socket, &arguments);
    let alice = ["--user", "alice:secret"];
    assert_eq!([(); 4].map(|()| status(&socket, &["--user", "alice:wrong"])), [401, 401, 401, 429]);
    assert_eq!(status(&socket, &alice), 429);
    drop(exporter);

    let sockets = TempDir::new().unwrap();
    let socket = self::socket(&sockets);
    let exporter = Exporter::start_activated_on(&build(), &socket, &arguments);
    assert_eq!([(); 4].map(|()| status(&socket, &alice)), [200, 200, 200, 200]);
    drop(exporter);
}

#[test]
fn unix_and_tcp_sockets_are_served_together() {
    let (directory, sockets) = (Directory::new(), TempDir::new().unwrap());
    let socket = socket(&sockets);
    let limit = directory.write("rate_limit: {interval: 1h, burst: 2}\n");
    let config = format!("--web.config.file={}", limit.display());
    let arguments = ["--web.systemd-socket", &config];
    let exporter = Exporter::start_activated_on_both(&build(), &socket, &arguments);
    assert_eq!([(); 3].map(|()| status(&socket, &[])), [200, 200, 429]);
    let over_tcp = [(); 3].map(|()| get(exporter.address, "/metrics").status);
    assert_eq!(over_tcp, [200, 200, 429], "one host takes nothing from another");
}

#[test]
fn unix_socket_speaks_tls() {
    let (directory, sockets) = (Directory::new(), TempDir::new().unwrap());
    let socket = socket(&sockets);
    let config = format!("--web.config.file={}", directory.write(TLS).display());
    let arguments = ["--web.systemd-socket", &config];
    let _exporter = Exporter::start_activated_on(&build(), &socket, &arguments);
    let ca = directory.path("ca.crt");
    for version in ["1.1", "2"] {
        let arguments = ["--cacert", &ca, &format!("--http{version}")];
        let response = scrape(&socket, "https://localhost/metrics", &arguments).unwrap();
        assert_eq!((response.status, &*response.version), (200, version));
    }
}

#[test]
fn file_in_place_of_a_socket_is_an_error() {
    let exporter = build();
    let script = "LISTEN_FDS=1 exec \"$0\" --web.systemd-socket 3</dev/null";
    let output = Command::new("sh").args(["-c", script]).arg(exporter).output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    let expected = "level=error msg=\"--web.systemd-socket: socket 1 of 1 is neither a TCP nor a Unix stream \
                    socket\"\n";
    assert!(log.ends_with(expected), "{log}");
    assert_eq!((log.lines().count(), output.status.code()), (1, Some(1)));
}
