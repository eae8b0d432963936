//! An axum application serves its metrics with `Registry::respond_to`, without actix-web.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use axum::Router;
use axum::routing::get as axum_get;
use hello_exporter::{Collector, Gauge, Registry};
use hello_exporter_tests::http::{get, get_accepting, get_with, request, send};
use hello_exporter_tests::{
    Exporter, HELLO, PrometheusVersion, Proxy, assert_golden, block, build_program, cargo, hello,
    parse_open_metrics, promtool, read, registry_of, single, text, until,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

#[path = "../examples/axum_app/src/endpoint.rs"]
mod endpoint;

/// An axum server in this process, stopped when it is dropped.
struct Server {
    _runtime: Runtime,
    address: SocketAddr,
}

/// Serves a registry at `/metrics` with the handler of the application.
fn serving(registry: &Registry) -> Server {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/metrics", axum_get(endpoint::metrics));
    let app = app.with_state(registry.clone());
    runtime.spawn(async move { axum::serve(listener, app).await });
    Server { _runtime: runtime, address }
}

hello_exporter_tests::negotiation_tests!(serving);

#[test]
fn query_selects_families() {
    let server = serving(&registry_of(hello()));
    let (a, b) = HELLO.split_at(HELLO.find("# HELP b").unwrap());
    for (query, expected) in [
        ("", HELLO),
        ("?", HELLO),
        ("?name=b", HELLO),
        ("?name[]=b", b),
        ("?name%5B%5D=%61", a),
        ("?name[]=b&other=1&name[]=a", HELLO),
        ("?name[]=b&name[]=missing", b),
        ("?name[]=missing", ""),
        ("?name[]", ""),
    ] {
        let response = get(server.address, &format!("/metrics{query}"));
        assert_eq!((response.status, &*response.body), (200, expected), "{query}");
    }
    let open_metrics = get_accepting(
        server.address,
        "/metrics?name[]=missing",
        "application/openmetrics-text;version=1.0.0",
    );
    assert_eq!(open_metrics.body, "# EOF\n");
}

#[derive(Collector)]
struct Faulty {
    /// Display z.
    z: u8,
}

#[test]
fn panicking_collector_loses_only_its_own_samples() {
    let registry = registry_of(hello());
    registry.register_fn(|| -> Faulty { panic!("a fault") }).unwrap();
    let server = serving(&registry);
    for _ in 0..2 {
        let response = get(server.address, "/metrics");
        assert_eq!((response.status, &*response.body), (200, HELLO));
    }
    // A value of the same type is exposed.
    registry.scope().prefix("good_").register_fn(|| Faulty { z: 3 }).unwrap();
    let good = "# HELP good_z Display z.\n# TYPE good_z gauge\ngood_z 3\n";
    assert_eq!(get(server.address, "/metrics").body, format!("{HELLO}{good}"));
}

#[derive(Collector)]
struct Waiting {
    /// Display w.
    w: Gauge,
}

/// A body may be in use while the next scrapes are answered.
#[test]
fn body_that_is_kept_is_not_overwritten() {
    let registry = registry_of(hello());
    let kept = registry.respond("", "");
    registry.register(Waiting::new()).unwrap();
    let next = registry.respond("", "");
    assert_eq!(text(kept.body()), HELLO);
    let w = "# HELP w Display w.\n# TYPE w gauge\nw 0\n";
    assert_eq!(text(next.body()), format!("{HELLO}{w}"));
}

fn start() -> Exporter {
    let program = build_program("axum_app", ["--bin", "axum_app"]);
    let mut command = Command::new(program);
    command.env("LISTEN_ADDRESS", "127.0.0.1:0").env("TOKIO_WORKER_THREADS", "2");
    Exporter::start_command(&mut command)
}

/// Begins to store a note: sends everything but the text.
fn begin_put(address: SocketAddr, name: &str, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "PUT /notes/{name} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n"
    )
    .unwrap();
    stream
}

/// Sends the text of a note, and returns the status.
fn finish_put(mut stream: TcpStream, note: &str) -> u16 {
    stream.write_all(note.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response.split(' ').nth(1).unwrap().parse().unwrap()
}

fn put(address: SocketAddr, name: &str, note: &str) -> u16 {
    finish_put(begin_put(address, name, note.len()), note)
}

/// Returns an exposition without the buckets and sums of the durations of requests. Values that
/// depend on what the runtime does at that moment are `…`.
fn untimed(exposition: &str) -> String {
    let is_timed = |line: &str| {
        let rest = line.strip_prefix("http_request_duration_seconds");
        rest.is_some_and(|rest| rest.starts_with("_bucket") || rest.starts_with("_sum"))
    };
    let mask = |line: &str| match line.rsplit_once(' ') {
        Some((series, _)) if series.starts_with("tokio_") && series != "tokio_workers" => {
            format!("{series} …\n")
        }
        _ => format!("{line}\n"),
    };
    exposition.lines().filter(|line| !is_timed(line)).map(mask).collect()
}

#[test]
fn application_exposes_notes_and_requests() {
    let app = start();
    let address = app.address;
    assert_eq!(put(address, "list", "milk"), 201);
    assert_eq!(put(address, "list", "milk, bread"), 204);
    assert_eq!(put(address, "long", &"x".repeat((16 << 10) + 1)), 413);
    assert_eq!(get(address, "/notes/list").body, "milk, bread");
    assert_eq!(get(address, "/notes/nothing").status, 404);
    assert_eq!(request(address, "DELETE", "/notes/nothing").status, 404);
    assert_eq!(request(address, "POST", "/notes/list").status, 405);
    for at in 0..40 {
        assert_eq!(get(address, &format!("/{at}/wp-login.php")).status, 404);
        assert_eq!(send(address, &format!("FOO{at}"), "/x", "").status, 404);
    }
    assert_eq!(request(address, "HEAD", "/metrics").body, "");

    let exposition = get(address, "/metrics").body;
    assert_golden("expositions/notes.txt", &untimed(&exposition));
    promtool(&exposition);
    let accept = "application/openmetrics-text;version=1.0.0";
    let open_metrics = get_accepting(address, "/metrics", accept);
    assert_eq!(parse_open_metrics(&open_metrics.body).len(), 13);
    let zstd = get_with(address, "/metrics", "Accept-Encoding: zstd");
    assert_eq!(zstd.header("content-encoding"), Some("zstd"));
}

#[test]
fn request_in_flight_is_finished_before_the_end() {
    for signal in ["TERM", "INT"] {
        let app = start();
        let address = app.address;
        let stream = begin_put(address, "list", 4);
        // The scrape is the other request in flight.
        let in_flight = "\nhttp_requests_in_flight 2\n";
        until(|| get(address, "/metrics").body.contains(in_flight));
        app.send_signal(signal);
        until(|| TcpStream::connect(address).is_err());
        assert_eq!(finish_put(stream, "milk"), 201);
        let (status, log) = app.wait();
        assert_eq!((status.code(), log), (Some(0), Vec::new()));
    }
}

#[test]
fn disconnected_client_is_not_in_flight() {
    let app = start();
    let address = app.address;
    let stream = begin_put(address, "list", 4);
    until(|| get(address, "/metrics").body.contains("\nhttp_requests_in_flight 2\n"));
    drop(stream);
    until(|| get(address, "/metrics").body.contains("\nhttp_requests_in_flight 1\n"));
}

/// Both versions store the same numbers, whether they scrape text or protobuf.
#[test]
fn prometheus_scrapes_compressed_text_and_protobuf() {
    let app = start();
    assert_eq!(put(app.address, "list", "milk"), 201);
    for version in PrometheusVersion::ALL {
        for (flags, media_type) in [
            (&[][..], "application/openmetrics-text; version=1.0.0; "),
            (&["--enable-feature=native-histograms"], "application/vnd.google.protobuf; "),
        ] {
            let proxy = Proxy::start(app.address, &[]);
            let prometheus = version.scraping(proxy.address, flags, "");
            let value = |query: &str| {
                let stored = prometheus.query(query, |result| single(result).is_some());
                single(&stored).unwrap()
            };
            assert_eq!(value("up").1, "1");
            let stored = (json!({"__name__": "notes_stored"}), "1".to_owned());
            assert_eq!(value("notes_stored"), stored);
            assert_eq!(value("notes_created_total").1, "1");
            let puts = "{method=\"PUT\",route=\"/notes/{name}\"}";
            let counted = format!("http_requests_total{puts}");
            let labels = json!({
                "__name__": "http_requests_total",
                "code": "201",
                "method": "PUT",
                "route": "/notes/{name}"
            });
            assert_eq!(value(&counted), (labels, "1".to_owned()));
            let duration = format!("http_request_duration_seconds{puts}");
            let observations = if flags.is_empty() {
                format!("http_request_duration_seconds_count{puts}")
            } else {
                format!("histogram_count({duration})")
            };
            assert_eq!(value(&observations).1, "1");
            let responses = proxy.responses();
            assert!(!responses.is_empty());
            for response in responses.iter() {
                assert_eq!(response.header("content-encoding"), Some("gzip"));
                let content_type = response.header("content-type").unwrap();
                assert!(content_type.starts_with(media_type), "{content_type}");
            }
        }
    }
}

#[test]
fn connections_are_tasks_of_the_runtime() {
    let app = start();
    let tasks = || {
        let scrape = get(app.address, "/metrics?name[]=tokio_alive_tasks").body;
        scrape.trim_end().rsplit(' ').next().unwrap().parse::<u32>().unwrap()
    };
    // The connection of the scrape is one of them.
    let others = tasks();
    let stream = begin_put(app.address, "list", 4);
    until(|| tasks() == others + 1);
    assert_eq!(finish_put(stream, "milk"), 201);
    until(|| tasks() == others);
}

#[test]
fn tree_of_the_application_has_no_actix_web() {
    let output = cargo()
        .args(["tree", "--offline", "--package", "axum_app", "--edges", "normal,build"])
        .args(["--prefix", "none"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let tree = text(&output.stdout);
    let packages: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    for present in ["axum", "hello_exporter", "flate2", "zstd-safe"] {
        assert!(packages.contains(&present), "{packages:?}");
    }
    for absent in ["actix", "clap", "rustls", "ring", "bcrypt", "serde_json"] {
        assert_eq!(packages.iter().find(|package| package.starts_with(absent)), None);
    }
}

#[test]
fn readme_shows_the_samples_of_the_first_notes() {
    let app = start();
    assert_eq!(put(app.address, "list", "milk"), 201);
    assert_eq!(get(app.address, "/notes/list").body, "milk");
    let exposition = get(app.address, "/metrics").body;
    let lines =
        exposition.lines().filter(|line| !line.contains("_seconds") && !line.contains("tokio"));
    let lines: String = lines.map(|line| line.to_owned() + "\n").collect();
    assert_eq!(lines, block(&read("examples/axum_app/README.md"), "text"));
}

/// Returns the handler in the text, up to its closing brace, without what `prefix` is before each
/// line.
fn handler(text: &str, prefix: &str) -> String {
    let lines = text.lines().map(|line| line.strip_prefix(prefix).unwrap_or(line));
    let lines = lines.map(|line| line.strip_prefix("pub(crate) ").unwrap_or(line));
    let lines = lines.skip_while(|line| !line.starts_with("async fn metrics("));
    let mut is_over = false;
    let lines = lines.take_while(|line| !std::mem::replace(&mut is_over, *line == "}"));
    lines.map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn documents_show_the_handler_of_the_application() {
    let shown = handler(&read("examples/axum_app/src/endpoint.rs"), "");
    assert!(shown.ends_with("\n}\n"), "{shown}");
    for (path, prefix) in [
        ("docs/recipes.md", ""),
        ("examples/axum_app/README.md", ""),
        ("hello_exporter/src/respond.rs", "//! "),
    ] {
        assert_eq!(handler(&read(path), prefix), shown, "{path}");
    }
}
