//! Requests to a Pushgateway as they are sent, and what users read if they fail.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::io::Read;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use hello_exporter::push::{PushError, Pushgateway};
use hello_exporter::{Collector, GaugeVec, Registry};
use hello_exporter_tests::http::{get, get_as};
use hello_exporter_tests::web_config::{Directory, SECRET, TLS, users};
use hello_exporter_tests::{
    FakePushgateway, block_on, curl, free_address, model, pushed, pushgateway, read_until,
    registry_of,
};

#[derive(Collector)]
#[collector(namespace = "backup")]
struct Backup {
    /// Size of the last backup.
    #[metric(labels = ["database"])]
    bytes: GaugeVec<1, i64>,
}

fn backup_of(database: &str) -> Registry {
    let backup = Arc::new(Backup::new());
    backup.bytes.with([database]).set(4096);
    registry_of(backup)
}

fn backup() -> Registry {
    backup_of("shop")
}

fn gateway(url: impl AsRef<str>) -> Pushgateway {
    Pushgateway::new(url, "backup").unwrap()
}

/// Returns the message of a failed push. It is the same in a runtime and outside.
fn failure(gateway: &Pushgateway, registry: &Registry) -> String {
    let blocking = gateway.push_blocking(registry).unwrap_err().to_string();
    let asynchronous = block_on(gateway.push(registry)).unwrap_err().to_string();
    assert_eq!(blocking, asynchronous);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let in_runtime = runtime.block_on(gateway.push(registry)).unwrap_err().to_string();
    assert_eq!(blocking, in_runtime);
    blocking
}

#[test]
fn wrong_password_is_an_error() {
    let directory = Directory::new();
    let config = directory.write(&users(&[("alice", SECRET)]));
    let server = pushgateway(&[&format!("--web.config.file={}", config.display())]);
    let anonymous = gateway(server.address.to_string());
    let url = format!("http://{}/metrics/job/backup", server.address);
    let refused = format!("cannot push to {url}: the Pushgateway responded 401: Unauthorized");
    assert_eq!(failure(&anonymous, &backup()), refused);
    let wrong = anonymous.clone().basic_auth("alice", "guess").unwrap();
    assert_eq!(failure(&wrong, &backup()), refused);
    assert_eq!(
        wrong.delete_blocking().unwrap_err().to_string(),
        format!("cannot delete {url}: the Pushgateway responded 401: Unauthorized")
    );
    let PushError::Status { status, body, .. } = wrong.add_blocking(&backup()).unwrap_err() else {
        panic!("a status");
    };
    assert_eq!((status, body.as_str()), (401, "Unauthorized"));

    wrong.basic_auth("alice", "secret").unwrap().push_blocking(&backup()).unwrap();
    let there = pushed(&get_as(server.address, "/metrics", "alice", "secret"));
    assert_eq!(there, [r#"backup_bytes{database="shop",instance="",job="backup"} 4096"#]);
}

#[test]
fn tls_needs_a_trusted_authority() {
    let directory = Directory::new();
    let config = directory.write(TLS);
    let server = pushgateway(&[&format!("--web.config.file={}", config.display())]);
    let url = format!("https://{}", server.address);
    let untrusting = gateway(&url);
    assert_eq!(
        failure(&untrusting, &backup()),
        format!("cannot push to {url}/metrics/job/backup: invalid peer certificate: UnknownIssuer")
    );
    let trusting = untrusting.ca_file(directory.path("ca.crt")).unwrap();
    trusting.push_blocking(&backup()).unwrap();
    block_on(trusting.add(&backup())).unwrap();
    let response =
        curl(&format!("{url}/metrics"), &["--cacert", &directory.path("ca.crt")]).unwrap();
    let expected = r#"backup_bytes{database="shop",instance="",job="backup"} 4096"#;
    assert_eq!(pushed(&response), [expected]);

    let plain = format!("http://{}", server.address);
    assert_eq!(
        failure(&gateway(&plain), &backup()),
        format!(
            "cannot push to {plain}/metrics/job/backup: the Pushgateway responded 400: \
             Client sent an HTTP request to an HTTPS server."
        )
    );
}

#[test]
fn invalid_ca_file_is_an_error() {
    let directory = Directory::new();
    let error = |file: &str| {
        let error = gateway("https://localhost").ca_file(directory.path(file)).unwrap_err();
        directory.shortened(&error.to_string())
    };
    assert_eq!(
        error("missing.crt"),
        "cannot read @/missing.crt: No such file or directory (os error 2)"
    );
    assert_eq!(error("empty.crt"), "cannot read @/empty.crt: it contains no certificate");
}

#[test]
fn unreachable_gateway_is_an_error() {
    let url = format!("http://{}", free_address());
    assert_eq!(
        failure(&gateway(&url), &backup()),
        format!("cannot push to {url}/metrics/job/backup: Connection refused (os error 111)")
    );
    let error = failure(&gateway("pushgateway.invalid:9091"), &backup());
    let expected = "cannot push to http://pushgateway.invalid:9091/metrics/job/backup: \
                    failed to lookup address information";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn gateway_that_never_responds_is_an_error() {
    // The system accepts connections, and nobody reads them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let gateway = gateway(&url).timeout(Duration::from_millis(100));
    assert_eq!(
        failure(&gateway, &backup()),
        format!("cannot push to {url}/metrics/job/backup: no response within 100ms")
    );
    let secure = url.replace("http", "https");
    let gateway = Pushgateway::new(&secure, "backup").unwrap().timeout(Duration::from_millis(100));
    assert_eq!(
        failure(&gateway, &backup()),
        format!("cannot push to {secure}/metrics/job/backup: no response within 100ms")
    );
    assert_eq!(
        failure(&gateway.timeout(Duration::ZERO), &backup()),
        format!("cannot push to {secure}/metrics/job/backup: no response within 0ns")
    );
}

#[derive(Collector)]
struct Contradicting {
    /// The same name with another type.
    #[metric(name = "backup_bytes", counter, labels = ["database"])]
    bytes: std::collections::BTreeMap<String, i64>,
}

#[test]
fn contradicting_metrics_are_an_error() {
    let server = pushgateway(&[]);
    // The Pushgateway quotes one of the metrics, so the message would be long.
    let database = "shop".repeat(1000);
    gateway(server.address.to_string()).push_blocking(&backup_of(&database)).unwrap();
    let registry = Registry::new();
    let contradicting = move || Contradicting { bytes: [(database.clone(), 1)].into() };
    registry.register_fn(contradicting).unwrap();
    let other = Pushgateway::new(server.address.to_string(), "other").unwrap();
    let error = other.push_blocking(&registry).unwrap_err();
    let start = format!(
        "cannot push to http://{}/metrics/job/other: the Pushgateway responded 400: pushed metrics \
         are invalid or inconsistent with existing metrics: collected metric \"backup_bytes\" {{ \
         label:<name:\"database\" value:\"shopshop",
        server.address
    );
    assert!(error.to_string().starts_with(&start), "{error}");
    let PushError::Status { status: 400, body, .. } = error else { panic!("a status") };
    assert_eq!(body.len(), 1024);
    // The group of the first push is as it was, and there is no other.
    assert_eq!(pushed(&get(server.address, "/metrics")).len(), 1);
}

#[test]
fn error_is_on_one_line() {
    let fake = FakePushgateway::responding(
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 33\r\n\r\n<html>\r\n\x1b[31m\t Zürich\x00  </html>\n",
    );
    let url = format!("http://{}", fake.address);
    assert_eq!(
        gateway(&url).add_blocking(&backup()).unwrap_err().to_string(),
        format!(
            "cannot add to {url}/metrics/job/backup: the Pushgateway responded 400: <html> [31m Zürich </html>"
        )
    );
    assert!(fake.request().head.starts_with("POST /metrics/job/backup HTTP/1.1"));
}

#[derive(Collector)]
struct Labelled {
    /// A metric with a label of Prometheus.
    #[metric(name = "jobs", labels = ["job"])]
    jobs: GaugeVec<1, i64>,
}

#[test]
fn labels_of_the_group_are_refused_before_the_request() {
    let nobody = gateway(free_address().to_string()).grouping("database", "shop").unwrap();
    assert_eq!(
        failure(&nobody, &backup()),
        "metric `backup_bytes` has the label `database` already, expected metrics without the \
         labels of the grouping key and without `job`"
    );
    let labelled = Arc::new(Labelled::new());
    labelled.jobs.with(["a"]).set(1);
    assert_eq!(
        nobody.add_blocking(&registry_of(labelled)).unwrap_err().to_string(),
        "metric `jobs` has the label `job` already, expected metrics without the labels of the \
         grouping key and without `job`"
    );
}

#[test]
fn invalid_settings_are_errors() {
    let error = |url: &str| Pushgateway::new(url, "backup").unwrap_err().to_string();
    let invalid = |reason: &str| {
        format!("invalid URL of a Pushgateway: {reason}, expected e.g. `http://pushgateway:9091`")
    };
    assert_eq!(
        error("http://alice:secret@pushgateway:9091"),
        "the URL of a Pushgateway contains `@`, expected user and password in `basic_auth`"
    );
    assert_eq!(error("http://x/?token=secret"), invalid("it has a query or a fragment"));
    assert_eq!(error("ftp://x"), invalid("its scheme is neither `http` nor `https`"));
    assert_eq!(error("http://a b"), invalid("invalid uri character"));
    assert_eq!(error("http://:9091"), invalid("it has no host"));
    assert_eq!(error("http://['::1]:9091"), invalid("its host is not an IPv6 address"));
    assert_eq!(error(""), invalid("empty string"));
    for authority in ["x:99999", "x:http", "x:", "[::1]90:91", "[::1]9091"] {
        assert_eq!(
            error(&format!("http://{authority}/")),
            invalid("its port is not a number below 65536")
        );
    }
    assert_eq!(
        Pushgateway::new("x", "").unwrap_err().to_string(),
        "the job has no name, expected e.g. `backup`"
    );
    let grouping = |name: &str| gateway("x").grouping(name, "v").unwrap_err().to_string();
    assert_eq!(
        grouping("job"),
        "invalid grouping label `job`, expected the job in `Pushgateway::new`"
    );
    let expected = "expected letters, digits and `_`, with no digit first and no `__` at the start";
    for name in ["", "a-b", "__name__", "5xx"] {
        assert_eq!(grouping(name), format!("invalid grouping label `{name}`, {expected}"));
    }
    assert_eq!(
        gateway("x").basic_auth("a:b", "secret").unwrap_err().to_string(),
        "the user of the Pushgateway contains `:`, expected a user without it"
    );
}

#[test]
fn request_has_the_base_path_and_the_password() {
    let fake = FakePushgateway::responding("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
    let address = fake.address;
    let gateway = gateway(format!("http://{address}/behind/a/proxy/"));
    let gateway = gateway.basic_auth("alice", "secret").unwrap();
    assert_eq!(
        format!("{gateway:?}"),
        format!("Pushgateway(\"http://{address}/behind/a/proxy/metrics/job/backup\")")
    );
    let registry = backup();
    gateway.push_blocking(&registry).unwrap();
    let request = fake.request();
    let mut lines: Vec<_> = request.head.lines().collect();
    lines[1..].sort_unstable();
    assert_eq!(
        lines,
        [
            "PUT /behind/a/proxy/metrics/job/backup HTTP/1.1",
            "accept: */*",
            "authorization: Basic YWxpY2U6c2VjcmV0",
            &format!("content-length: {}", request.body.len()),
            "content-type: application/vnd.google.protobuf; \
             proto=io.prometheus.client.MetricFamily; encoding=delimited",
            &format!("host: {address}"),
            concat!("user-agent: hello_exporter/", env!("CARGO_PKG_VERSION")),
        ]
    );
    assert_eq!(model::families(&request.body)[0].name, "backup_bytes");
}

#[test]
fn redirect_is_an_error() {
    let fake = FakePushgateway::responding(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://elsewhere/\r\n\
         content-length: 0\r\n\r\n",
    );
    let url = format!("http://{}", fake.address);
    assert_eq!(
        gateway(&url).delete_blocking().unwrap_err().to_string(),
        format!("cannot delete {url}/metrics/job/backup: the Pushgateway responded 307")
    );
    assert!(fake.request().head.starts_with("DELETE /metrics/job/backup HTTP/1.1"));
}

#[test]
fn dropped_future_aborts_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = gateway(listener.local_addr().unwrap().to_string());
    let gateway = gateway.timeout(Duration::from_secs(3600));
    let registry = backup();
    let mut connection = {
        let mut push = pin!(gateway.push(&registry));
        let is_pending = push.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
        assert!(is_pending);
        let (mut connection, _) = listener.accept().unwrap();
        read_until(&mut connection, b"\r\n\r\n");
        connection
    };
    // Without the end of the connection, this would wait for an hour.
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    connection.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn future_that_is_not_polled_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let gateway = gateway(listener.local_addr().unwrap().to_string());
    drop(gateway.push(&backup()));
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
