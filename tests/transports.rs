//! Plain HTTP on the TLS port, and Unix sockets.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hello_exporter_tests::http::{Response, get};
use hello_exporter_tests::web_config::{Directory, SECRET, TLS, users};
use hello_exporter_tests::{Dial, Exporter, build, curl, text};
use rustls::StreamOwned;
use tempfile::TempDir;

/// The response of Go's net/http to plain HTTP on a TLS port.
const HTTP_TO_HTTPS: &str =
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

fn connect(exporter: &Exporter) -> TcpStream {
    let stream = TcpStream::connect(exporter.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Returns the bytes received until the exporter closes the connection.
fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn plain_http_on_the_tls_port_gets_an_explanation() {
    let directory = Directory::new();
    let exporter = directory.start_with(TLS, &["--log.level=debug"]);
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let mut stream = connect(&exporter);
        write!(stream, "{method} /metrics HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert_eq!(String::from_utf8(rest(stream)).unwrap(), HTTP_TO_HTTPS, "{method}");
    }
    let mut stream = connect(&exporter);
    let body = "x".repeat(100_000);
    let length = body.len();
    write!(stream, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}")
        .unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(String::from_utf8(rest(stream)).unwrap(), HTTP_TO_HTTPS, "with a body");
    assert_eq!(directory.curl(&exporter, &[]), Ok(200));
    let (_, log) = exporter.signal("TERM");
    let reason = "msg=\"TLS handshake failed\" ";
    let reasons = log.iter().filter(|line| line.contains(reason));
    let said = "error=\"client sent an HTTP request to an HTTPS server\"\n";
    assert_eq!(reasons.filter(|line| line.ends_with(said)).count(), 8, "{log:?}");
}

#[test]
fn plain_http_in_pieces_gets_an_explanation() {
    let directory = Directory::new();
    let exporter = directory.start(TLS);
    let mut stream = connect(&exporter);
    // The kernel sends each byte separately.
    for byte in "GET /metrics HTTP/1.1\r\n".bytes() {
        stream.write_all(&[byte]).unwrap();
    }
    assert_eq!(String::from_utf8(rest(stream)).unwrap(), HTTP_TO_HTTPS);
}

#[test]
fn handshake_in_pieces_is_completed() {
    let directory = Directory::new();
    let exporter = directory.start(TLS);
    let mut tcp = connect(&exporter);
    let mut tls = Dial::tls(exporter.address, &directory.authority, "http/1.1").handshake();
    let mut hello = Vec::new();
    tls.write_tls(&mut hello).unwrap();
    for byte in hello {
        tcp.write_all(&[byte]).unwrap();
    }
    let mut stream = StreamOwned::new(tls, tcp);
    stream.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("healthy\n"), "{answer}");
}

#[test]
fn garbage_on_the_tls_port_gets_an_alert() {
    let directory = Directory::new();
    let exporter = directory.start(TLS);
    for garbage in [
        "X",
        "GARBAGE\r\n",
        "SSH-2.0-x\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "get / HTTP/1.1\r\n",
    ] {
        let mut stream = connect(&exporter);
        stream.write_all(garbage.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // A fatal alert: decode_error.
        assert_eq!(rest(stream), [0x15, 3, 3, 0, 2, 2, 50], "{garbage:?}");
    }
}

#[test]
fn stalled_plain_http_is_disconnected() {
    let directory = Directory::new();
    let exporter = directory.start(TLS);
    let mut stream = connect(&exporter);
    stream.write_all(b"GET").unwrap();
    assert_eq!(rest(stream), b"");
}

// Unix sockets.

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
fn unix_socket_of_systemd_is_served() {
    let directory = TempDir::new().unwrap();
    let socket = socket(&directory);
    let arguments = ["--web.systemd-socket", "--log.level=debug"];
    let mut exporter = Exporter::start_activated_on(&build(), &socket, &arguments);
    let response = scrape(&socket, "http://localhost/metrics", &[]).unwrap();
    assert_eq!(response.status, 200);
    assert!(response.body.starts_with("# HELP a Display a.\n"), "{}", response.body);
    let line = exporter.next_line_with("msg=\"Listening on\"");
    assert!(line.ends_with(&format!(" address={}\n", socket.display())), "{line}");
    // Clients of a Unix socket have no address.
    let line = exporter.next_line_with("msg=Responded");
    assert!(line.contains("msg=Responded method=GET uri=/metrics status=200 "), "{line}");

    let (status, log) = exporter.signal("TERM");
    assert_eq!(status.code(), Some(0), "{log:?}");
    assert!(socket.exists(), "the exporter removed systemd's socket");
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
    assert_eq!(over_tcp, [200, 200, 429], "each host has its own limit");
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
    assert_eq!(status(&socket, &[]), 400, "plain HTTP");
}

#[test]
fn file_in_place_of_a_socket_is_an_error() {
    let exporter = build();
    let script = "LISTEN_FDS=1 exec \"$0\" --web.systemd-socket 3</dev/null";
    let output = Command::new("sh").args(["-c", script]).arg(exporter).output().unwrap();
    let log = text(&output.stderr);
    let expected = "level=error msg=\"--web.systemd-socket: socket 1 of 1 is neither a TCP nor a Unix stream \
                    socket\"\n";
    assert!(log.ends_with(expected), "{log}");
    assert_eq!((log.lines().count(), output.status.code()), (1, Some(1)));
}
