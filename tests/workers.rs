//! Scrapes that a worker of the server encodes, and those that get a thread of their own.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::net::SocketAddr;

use hello_exporter_tests::http::{get, send, start_get};
use hello_exporter_tests::{Exporter, build_example};

const FLAG: &str = "--web.disable-exporter-metrics";

const SAMPLES: &str = "a 1\nb{hello=\"world\",hostname=\"Hi\"} 2\n";

/// Scrapes with more headers, and returns the headers without the date, and the body.
fn scrape(address: SocketAddr, headers: &str) -> (Vec<(String, String)>, Vec<u8>) {
    let response = send(address, "GET", "/metrics", headers);
    assert_eq!(response.status, 200);
    let mut headers = response.headers;
    headers.retain(|(name, _)| name != "date");
    headers.sort();
    (headers, response.bytes)
}

#[test]
fn later_scrapes_are_like_the_first() {
    let accepts = [
        "text/plain",
        "application/openmetrics-text",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    ];
    for accept in accepts {
        for coding in ["identity", "gzip", "zstd"] {
            let exporter = Exporter::start(&[FLAG]);
            let headers = format!("Accept: {accept}\r\nAccept-Encoding: {coding}\r\n");
            let first = scrape(exporter.address, &headers);
            for _ in 0..3 {
                assert_eq!(scrape(exporter.address, &headers), first, "{accept} {coding}");
            }
        }
    }
}

#[test]
fn later_scrapes_have_current_values() {
    let exporter = Exporter::start(&[]);
    let value = |name: &str| {
        let body = get(exporter.address, "/metrics").body;
        let mut values = body.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        values.next().unwrap().parse::<f64>().unwrap()
    };
    for scrapes in 0..4 {
        assert_eq!(value("promhttp_metric_handler_requests_total{code=\"200\"}") as u32, scrapes);
    }
    let descriptors = value("process_open_fds");
    let idle: Vec<_> = (0..20).map(|_| start_get(exporter.address, "/-/healthy")).collect();
    // Its own connection is accepted after the idle ones.
    assert!(value("process_open_fds") >= descriptors + 10.0);
    drop(idle);
    let start = value("process_cpu_seconds_total");
    while value("process_cpu_seconds_total") <= start {}
    let selected = get(exporter.address, "/metrics?name[]=a&name[]=b").body;
    let samples: String = selected.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(samples, SAMPLES.replace('\n', ""));
}

#[test]
fn collector_that_blocks_delays_no_other_request() {
    let program = build_example("hello_exporter_tests", "hanging");
    let exporter = Exporter::start_program(&program, &[FLAG, "--web.max-requests=5"]);
    let expected = |scrape| {
        format!(
            "# HELP live Is live.\n# TYPE live gauge\nlive 0\n\
             # HELP scrape Number of the scrape.\n# TYPE scrape gauge\nscrape {scrape}\n"
        )
    };
    let samples = |body: String| {
        let (_, rest) = body.split_once("# HELP live").unwrap();
        format!("# HELP live{rest}")
    };
    for scrape in [1, 2] {
        assert_eq!(samples(get(exporter.address, "/metrics").body), expected(scrape));
    }
    // More than the server has workers.
    let hanging: Vec<_> = (0..5).map(|_| start_get(exporter.address, "/metrics")).collect();
    for _ in 0..10 {
        assert_eq!(get(exporter.address, "/-/healthy").body, "healthy\n");
    }
    let refused = loop {
        let response = get(exporter.address, "/metrics?name[]=live");
        if response.status != 200 {
            break response;
        }
    };
    let refusal = "Limit of concurrent requests reached (5), try again later.\n";
    assert_eq!((refused.status, &*refused.body), (503, refusal));
    drop(hanging);
}
