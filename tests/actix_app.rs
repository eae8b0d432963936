//! An application on the `prometheus` crate adopts the derive, and its old metrics stay the same.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use hello_exporter_tests::http::{
    Response, get, get_accepting, get_with, request, send, start_get,
};
use hello_exporter_tests::{
    Exporter, block, build_example, build_program, parse_open_metrics, poll, promtool, read,
    repository, text,
};

fn start(program: &Path) -> Exporter {
    Exporter::start_command(Command::new(program).env("LISTEN_ADDRESS", "127.0.0.1:0"))
}

fn after() -> Exporter {
    start(&build_program("actix_app", ["--bin", "actix_app"]))
}

fn before() -> Exporter {
    start(&build_example("actix_app", "before"))
}

/// Creates a link.
fn put(address: SocketAddr, name: &str, url: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = url.len();
    write!(
        stream,
        "PUT /links/{name} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{url}"
    )
    .unwrap();
    let status = std::io::read_to_string(stream).unwrap();
    status.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Sends the requests of users, and checks the responses.
fn visit(address: SocketAddr) {
    assert_eq!(put(address, "rust", "https://www.rust-lang.org/"), 201);
    assert_eq!(put(address, "docs", "https://doc.rust-lang.org/std/collections/index.html"), 201);
    assert_eq!(put(address, "rust", "https://rust-lang.org/"), 204);
    assert_eq!(put(address, "bad", "no link"), 400);
    assert_eq!(put(address, "bad", "/relative"), 400);
    let followed = get(address, "/go/rust");
    assert_eq!(
        (followed.status, followed.header("location")),
        (302, Some("https://rust-lang.org/"))
    );
    assert_eq!(get(address, "/go/nothing").status, 404);
    assert_eq!(get(address, "/links/rust/visits").body, "1\n");
    assert_eq!(get(address, "/links/rust/visits?known=0").body, "1\n");
    assert_eq!(request(address, "DELETE", "/links/docs").status, 204);
    assert_eq!(request(address, "DELETE", "/links/docs").status, 404);
    assert_eq!(request(address, "POST", "/links/docs").status, 405);
}

const OLD_FAMILIES: &str = include_str!("expositions/links.txt");

/// The request metrics, without the buckets and sums of the durations. The registry of the
/// `prometheus` crate sorts the labels of a series and the series of a family.
const REQUEST_FAMILIES: &str = include_str!("expositions/requests_of_links.txt");

/// Returns an exposition without the buckets and sums of the durations of requests.
fn untimed(text: &str) -> String {
    let is_timed = |line: &str| {
        ["_bucket", "_sum"]
            .iter()
            .any(|it| line.starts_with(&format!("http_request_duration_seconds{it}")))
    };
    text.lines().filter(|line| !is_timed(line)).map(|line| line.to_owned() + "\n").collect()
}

/// Returns the families of the links alone.
fn old_families(text: &str) -> &str {
    &text[text.find("# HELP links_").unwrap()..]
}

#[test]
fn application_exposes_the_same_bytes_as_before() {
    let (before, after) = (before(), after());
    let scrape = |app: &Exporter| {
        let fresh = get(app.address, "/metrics");
        visit(app.address);
        (fresh, get(app.address, "/metrics"))
    };
    let (fresh, used) = scrape(&before);
    let (fresh_now, used_now) = scrape(&after);
    assert_eq!(used.body, OLD_FAMILIES);
    assert_eq!(old_families(&used_now.body), used.body);
    assert_eq!(old_families(&fresh_now.body), fresh.body);
    let content_type = |response: &Response| response.header("content-type").map(str::to_owned);
    assert_eq!(content_type(&used_now), content_type(&used));
}

#[test]
fn old_handler_serves_request_metrics() {
    let app = after();
    visit(app.address);
    let text = get(app.address, "/metrics").body;
    assert_eq!(untimed(&text), format!("{REQUEST_FAMILIES}{OLD_FAMILIES}"));
    promtool(&text);
}

#[test]
fn new_endpoint_negotiates_format_and_coding() {
    let app = after();
    visit(app.address);
    let text = get(app.address, "/metrics/negotiated").body;
    assert_eq!(untimed(&text), format!("{REQUEST_FAMILIES}{OLD_FAMILIES}"));
    let accept = "application/openmetrics-text;version=1.0.0";
    let open_metrics = get_accepting(app.address, "/metrics/negotiated", accept);
    assert!(open_metrics.header("content-type").unwrap().starts_with("application/openmetrics"));
    assert_eq!(parse_open_metrics(&open_metrics.body).len(), 7);
    let gzip = get_with(app.address, "/metrics/negotiated", "Accept-Encoding: gzip");
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
}

/// Returns the samples of the requests that were counted with this method and route.
fn counted(address: SocketAddr, method: &str, route: &str) -> Vec<String> {
    let text = get(address, "/metrics").body;
    let labels = format!("method=\"{method}\",route=\"{route}\"}}");
    let samples = text.lines().filter_map(|line| line.strip_prefix("http_requests_total{"));
    samples.filter(|line| line.contains(&labels)).map(|line| line.replace(&labels, "}")).collect()
}

#[test]
fn client_that_disconnects_is_counted_and_not_in_flight() {
    let app = after();
    let address = app.address;
    assert_eq!(put(address, "rust", "https://www.rust-lang.org/"), 201);
    let client = start_get(address, "/links/rust/visits?known=0");
    let are_in_flight = |count: u32| {
        // This scrape is one of the requests in flight.
        let line = format!("\nhttp_requests_in_flight {count}\n");
        poll(|| get(address, "/metrics").body.contains(&line).then_some(()))
    };
    are_in_flight(2).expect("the request waits");
    client.shutdown(Shutdown::Both).unwrap();
    are_in_flight(1).expect("the request is given up");
    assert_eq!(counted(address, "GET", "/links/{name}/visits"), ["code=\"499\",} 1"]);
}

#[test]
fn unknown_paths_add_no_series() {
    let app = after();
    for at in 0..40 {
        assert_eq!(get(app.address, &format!("/{at}/wp-login.php")).status, 404);
        assert_eq!(get(app.address, &format!("/go/{at}")).status, 404);
        assert_eq!(send(app.address, &format!("FOO{at}"), "/x", "").status, 404);
    }
    assert_eq!(counted(app.address, "GET", "unmatched"), ["code=\"404\",} 40"]);
    assert_eq!(counted(app.address, "GET", "/go/{name}"), ["code=\"404\",} 40"]);
    assert_eq!(counted(app.address, "other", "unmatched"), ["code=\"404\",} 40"]);
}

fn example(path: &str) -> PathBuf {
    repository("examples/actix_app").join(path)
}

/// Returns the first block of the README in this language.
fn shown(language: &str) -> String {
    block(&read("examples/actix_app/README.md"), language).to_owned()
}

#[test]
fn readme_shows_the_samples_of_the_first_visits() {
    let app = after();
    assert_eq!(put(app.address, "rust", "https://www.rust-lang.org/"), 201);
    assert_eq!(get(app.address, "/go/rust").status, 302);
    let text = get(app.address, "/metrics").body;
    let lines = text.lines().filter(|line| !line.contains("_seconds"));
    assert_eq!(lines.map(|line| line.to_owned() + "\n").collect::<String>(), shown("text"));
}

#[test]
fn readme_shows_the_diff() {
    let shown = shown("diff");
    let diff = Command::new("diff")
        .args(["--unified"])
        .args([example("examples/before.rs"), example("src/main.rs")])
        .output()
        .unwrap();
    let diff = text(&diff.stdout);
    let mut lines = diff.lines().skip(2);
    for line in shown.lines().filter(|line| *line != "…") {
        assert!(lines.any(|it| it.trim_end() == line.trim_end()), "{line}");
    }
}
