//! The exporter with `metrics` and `metrics-exporter-prometheus`. If `SERIES` is 0 or not set, it
//! has the metrics `a` and `b` of README.md.

use std::net::SocketAddr;

use metrics::{counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::PrometheusBuilder;
use speed::labels::Labels;

/// Does the same as the library's `install`, but on the main thread, so the series exist before the
/// first response.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let argument = std::env::args().nth(1).unwrap();
    let address = argument.strip_prefix("--web.listen-address=").unwrap();
    let address: SocketAddr = address.parse().unwrap();
    let (recorder, exporter) =
        PrometheusBuilder::new().with_http_listener(address).build().unwrap();
    metrics::set_global_recorder(recorder).unwrap();
    match http_speed::series() {
        series if series.is_empty() => tutorial(),
        series => family(series),
    }
    exporter.await.unwrap();
}

fn tutorial() {
    describe_gauge!("a", "Display a.");
    describe_counter!("b", "Display b.");
    gauge!("a").set(1);
    counter!("b", "hello" => "world", "hostname" => "Hi").increment(2);
}

fn family(series: Vec<Labels>) {
    describe_counter!("requests_total", "Requests served.");
    for (at, [method, path, code]) in (0..).zip(series) {
        let service = "checkout".to_owned();
        let labels = [("service", service), ("method", method), ("path", path), ("code", code)];
        counter!("requests_total", &labels).increment(at);
    }
}
