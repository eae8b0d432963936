// rule: check_escaped_name, check_escaped
use hello_exporter::{Collector, Gauge};

#[derive(Collector)]
#[collector(utf8)]
struct Hello {
    #[metric(name = "http.requests", help = "Display a.")]
    a: Gauge,
    #[metric(name = "http_requests", help = "Display b.")]
    b: Gauge,
}

fn main() {}
