//! Targets that a request names: the responses, and the metrics in a Prometheus server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use hello_exporter_tests::http::{Response, Server, get, get_with, request, serve};
use hello_exporter_tests::{Exporter, Prometheus, block, build_program, free_address};

fn start(arguments: &[&str]) -> Exporter {
    let program = build_program("probe_exporter", ["--bin", "probe_exporter"]);
    Exporter::start_program(&program, arguments)
}

/// Starts a server with a response of every kind.
fn target() -> Server {
    serve(|config: &mut ServiceConfig| {
        let redirect = |to: &'static str| {
            move || async move { HttpResponse::Found().insert_header((header::LOCATION, to)).finish() }
        };
        config
            .route("/good", web::get().to(|| async { "good" }))
            .route("/bad", web::get().to(HttpResponse::InternalServerError))
            .route("/moved", web::get().to(redirect("/good")))
            .route("/elsewhere", web::get().to(redirect("http://127.0.0.2:1/secret")))
            .route("/circle", web::get().to(redirect("circle")))
            .route("/large", web::get().to(|| async { "x".repeat((1 << 20) + 1) }));
    })
}

fn probe(exporter: &Exporter, module: &str, target: &str) -> Response {
    get(exporter.address, &format!("/probe?module={module}&target={target}"))
}

/// Returns the samples of a response, without the duration.
fn samples(response: &Response) -> Vec<&str> {
    assert_eq!(response.status, 200);
    let lines = response.body.lines().filter(|line| !line.starts_with('#'));
    let (duration, others): (Vec<&str>, Vec<&str>) =
        lines.partition(|line| line.starts_with("probe_duration_seconds "));
    assert_eq!(duration.len(), 1);
    others
}

const FAILED: [&str; 1] = ["probe_success 0"];

#[test]
fn successful_probe_exposes_every_metric() {
    let (exporter, target) = (start(&[]), target());
    let response = probe(&exporter, "http_2xx", &format!("http://{}/moved", target.address));
    assert_eq!(
        samples(&response),
        [
            "probe_http_redirects 1",
            "probe_http_ssl 0",
            "probe_http_status_code 200",
            "probe_http_uncompressed_body_length 4",
            "probe_http_version 1.1",
            "probe_ip_protocol 4",
            "probe_success 1",
        ]
    );
    assert_eq!(response.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let large = probe(&exporter, "http_2xx", &format!("http://{}/large", target.address));
    assert_eq!(samples(&large).last(), Some(&"probe_success 0"));
    assert!(samples(&large).contains(&"probe_http_status_code 200"), "{}", large.body);
    let bad = probe(&exporter, "http_2xx", &format!("{}/bad", target.address));
    let bad = samples(&bad);
    assert!(bad.contains(&"probe_http_status_code 500"), "{bad:?}");
    assert_eq!(bad.last(), Some(&"probe_success 0"));
    let tcp = probe(&exporter, "tcp_connect", &target.address.to_string());
    assert_eq!(samples(&tcp), ["probe_ip_protocol 4", "probe_success 1"]);
}

#[test]
fn failed_probe_exposes_success_0() {
    let (exporter, target) = (start(&[]), target());
    let closed = free_address();
    assert_eq!(samples(&probe(&exporter, "tcp_connect", &closed.to_string())), FAILED);
    assert_eq!(samples(&probe(&exporter, "tcp_connect", "no-port")), FAILED);
    let circle = probe(&exporter, "http_2xx", &format!("http://{}/circle", target.address));
    let expected = [
        "probe_http_redirects 11",
        "probe_http_ssl 0",
        "probe_http_status_code 302",
        "probe_http_version 1.1",
        "probe_ip_protocol 4",
        "probe_success 0",
    ];
    assert_eq!(samples(&circle), expected);
    for url in [
        format!("http://{closed}/"),
        format!("gopher://{}/good", target.address),
        "http://".to_owned(),
        "fe80::1%25eth0".to_owned(),
    ] {
        assert_eq!(samples(&probe(&exporter, "http_2xx", &url)), FAILED, "{url}");
    }
    // The probe fails before the timeout of the request.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let path = format!("/probe?target=http://{}/", silent.local_addr().unwrap());
    let response = get_with(exporter.address, &path, "X-Prometheus-Scrape-Timeout-Seconds: 0.1");
    assert_eq!(samples(&response), FAILED);
}

#[test]
fn invalid_targets_are_refused() {
    let exporter = start(&["--probe.allow-target=http://*.example.com/**"]);
    let userinfo = "a target must not contain user information, which precedes `@`";
    let characters =
        "a target must not contain control characters, nor white space or `\\` before its path";
    let module = "Unknown module \"nope\", expected one of: http_2xx, tcp_connect";
    for (query, status, body) in [
        ("", 400, "Target parameter is missing"),
        ("?module=http_2xx", 400, "Target parameter is missing"),
        ("?target=", 400, "Target parameter is missing"),
        ("?target=http://a.example.com/&target=b", 400, "Target parameter is given more than once"),
        ("?target=http://a.example.com/&module=nope", 400, module),
        (
            "?target=http://a.example.com/&module=",
            400,
            "Unknown module \"\", expected one of: http_2xx, tcp_connect",
        ),
        ("?target=http://me:secret@a.example.com/", 400, userinfo),
        ("?target=http://me%40a.example.com/", 400, userinfo),
        ("?target=http:me:secret@a.example.com/://", 400, userinfo),
        ("?target=http:/me@a.example.com/", 400, userinfo),
        ("?target=http://a.example.com/%0a", 400, characters),
        ("?target=http://a.example.com%5C@x/", 400, characters),
        ("?target=http://a.example.com%20/", 400, characters),
        ("?target=%20http://a.example.com/", 400, characters),
        (
            "?target=http://127.0.0.1/",
            403,
            "target is not allowed: no --probe.allow-target matches it",
        ),
    ] {
        let response = get(exporter.address, &format!("/probe{query}"));
        let body = format!("{body}\n");
        assert_eq!((response.status, &response.body), (status, &body), "{query}");
    }
    assert_eq!(request(exporter.address, "POST", "/probe?target=x").status, 405);
}

#[test]
fn target_is_read_as_browsers_read_it() {
    let target = serve(|config: &mut ServiceConfig| {
        let echo = |request: HttpRequest| async move { request.uri().to_string() };
        config.default_service(web::to(echo));
    });
    let (exporter, address) = (start(&[]), target.address);
    for (path, sent) in [
        ("/a%20b", "/a%20b"),
        ("/a+b?c+d", "/a%20b?c%20d"),
        ("/?next=http://x/", "/?next=http://x/"),
        ("/http://x/", "/http://x/"),
        ("/%C3%A9", "/%C3%A9"),
        ("/x/../y", "/y"),
        ("?x", "/?x"),
    ] {
        let response = probe(&exporter, "http_2xx", &format!("{address}{path}"));
        let length = format!("probe_http_uncompressed_body_length {}", sent.len());
        assert!(samples(&response).contains(&&*length), "{path}: {}", response.body);
        assert_eq!(samples(&response).last(), Some(&"probe_success 1"), "{path}");
    }
}

#[test]
fn zone_of_an_ipv6_target_is_used() {
    let target = TcpListener::bind("[::1]:0").unwrap();
    let port = target.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in target.incoming().map_while(Result::ok) {
            let mut head = [0; 1024];
            let length = stream.read(&mut head).unwrap_or(0);
            // The zone is not sent to the server.
            let head = String::from_utf8_lossy(&head[..length]).to_ascii_lowercase();
            let status = if head.contains(&format!("host: [::1]:{port}\r\n")) { 200 } else { 400 };
            let _ = write!(stream, "HTTP/1.1 {status} OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let index = std::fs::read_to_string("/sys/class/net/lo/ifindex").unwrap();
    let index = index.trim();
    let exporter = start(&[]);
    for (module, host) in [
        ("tcp_connect", "::1"),
        ("tcp_connect", &*format!("::1%25{index}")),
        ("tcp_connect", &*format!("::1%2525{index}")),
        ("http_2xx", "::1"),
        ("http_2xx", "::1%25lo"),
        ("http_2xx", "::1%2525lo"),
        ("http_2xx", &*format!("::1%2525{index}")),
    ] {
        let response = probe(&exporter, module, &format!("[{host}]:{port}"));
        assert_eq!(samples(&response).last(), Some(&"probe_success 1"), "{module} {host}");
        assert!(samples(&response).contains(&"probe_ip_protocol 6"), "{module} {host}");
    }
    for (module, host) in [("tcp_connect", "::1%2525nope"), ("http_2xx", "::1%2525nope")] {
        let response = probe(&exporter, module, &format!("[{host}]:{port}"));
        assert_eq!(samples(&response), FAILED, "{module} {host}");
    }
    let exporter = start(&["--probe.allow-target=[::1%25lo]:*"]);
    let status = |host| probe(&exporter, "tcp_connect", &format!("[{host}]:{port}")).status;
    let hosts = ["::1%25lo", "::1%2525lo", "::1", "::1%25eth0"];
    assert_eq!(hosts.map(status), [200, 200, 403, 403]);
}

#[test]
fn redirect_to_a_target_outside_the_allow_list_is_not_followed() {
    let target = target();
    let allowed = format!("--probe.allow-target=http://{}/**", target.address);
    let exporter = start(&[&allowed, "--log.level=debug"]);
    let good = probe(&exporter, "http_2xx", &format!("http://{}/moved", target.address));
    assert_eq!(samples(&good).last(), Some(&"probe_success 1"));
    let url = format!("http://{}/elsewhere", target.address);
    assert_eq!(
        samples(&probe(&exporter, "http_2xx", &url)),
        [
            "probe_http_redirects 1",
            "probe_http_ssl 0",
            "probe_http_status_code 302",
            "probe_http_version 1.1",
            "probe_ip_protocol 4",
            "probe_success 0",
        ]
    );
    let (_, log) = exporter.signal("TERM");
    let cause = "error=\"redirected to \\\"http://127.0.0.2:1/secret\\\", which is not allowed\"\n";
    assert!(log.iter().any(|line| line.ends_with(cause)), "{log:?}");
}

#[test]
fn probes_are_limited_in_number_and_end_with_their_client() {
    let exporter = start(&["--web.max-requests=1"]);
    // The target accepts connections, and never responds.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let path = format!("/probe?target=http://{}/", silent.local_addr().unwrap());
    let mut client = TcpStream::connect(exporter.address).unwrap();
    let head = "Host: x\r\nX-Prometheus-Scrape-Timeout-Seconds: 2\r\n";
    write!(client, "GET {path} HTTP/1.1\r\n{head}\r\n").unwrap();
    let (mut probing, _) = silent.accept().unwrap();
    let refused = get(exporter.address, &path);
    let body = "Limit of concurrent requests reached (1), try again later.\n";
    assert_eq!((refused.status, &*refused.body), (503, body));
    assert_eq!(refused.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(refused.header("x-content-type-options"), Some("nosniff"));
    // Scrapes of the exporter's own metrics have a separate limit.
    assert_eq!(get(exporter.address, "/metrics").status, 200);
    // When the client has disconnected, the connection to the target is closed and the slot is free
    // again.
    drop(client);
    let mut rest = Vec::new();
    probing.read_to_end(&mut rest).unwrap();
    assert!(rest.starts_with(b"GET / HTTP/1.1\r\n"), "{rest:?}");
    drop(silent);
    // The slot may be freed a moment after the connection is closed.
    let answers = (0..1000).map(|_| get(exporter.address, &path));
    let response = { answers }.find(|response| response.status != 503);
    assert_eq!(samples(&response.unwrap()), FAILED);
}

/// Returns the configuration that the example's README shows.
fn readme() -> &'static str {
    block(include_str!("../examples/probe_exporter/README.md"), "yaml")
}

#[test]
fn relabelling_of_the_readme_works_in_a_prometheus_server() {
    let (exporter, target) = (start(&[]), target());
    let (open, closed) = (TcpListener::bind("127.0.0.1:0").unwrap(), free_address());
    let open = open.local_addr().unwrap();
    let good = format!("http://{}/good", target.address);
    let bad = format!("http://{}/bad", target.address);
    let config = readme()
        .replace(
            "\"http://localhost:8080/\", \"https://www.example.com/\"",
            &format!("\"{good}\", \"{bad}\""),
        )
        .replace("\"localhost:22\"", &format!("\"{open}\", \"{closed}\""))
        .replace("localhost:9115", &exporter.address.to_string());
    let prometheus = Prometheus::configured(&format!(
        "global:\n  scrape_interval: 2s\n  scrape_timeout: 2s\n{config}"
    ));
    for (job, instance, expected) in [
        ("http", &good, "1"),
        ("http", &bad, "0"),
        ("tcp", &open.to_string(), "1"),
        ("tcp", &closed.to_string(), "0"),
    ] {
        let query = format!("probe_success{{job=\"{job}\",instance=\"{instance}\"}}");
        let result = prometheus.query(&query, |result| result[0]["value"][1] == expected);
        assert_eq!(result.as_array().unwrap().len(), 1, "{query}");
    }
    let up = prometheus.query("count(up == 1)", |result| result[0]["value"][1] == "4");
    assert_eq!(up.as_array().unwrap().len(), 1);
}
