//! Serves a family of counters with this library.

use std::process::ExitCode;

use hello_exporter::{Collector, CounterVec, Exporter, build_info};

#[derive(Collector)]
struct Requests {
    /// Requests served.
    #[metric(labels = ["method", "path", "code"], const_labels(service = "checkout"))]
    requests_total: CounterVec<3>,
}

fn main() -> ExitCode {
    let requests = Requests::new();
    for (at, labels) in (0..).zip(http_speed::series()) {
        requests.requests_total.with(labels.each_ref().map(String::as_str)).inc_by(at);
    }
    Exporter::new("requests_exporter").build_info(build_info!()).register(requests).run()
}
