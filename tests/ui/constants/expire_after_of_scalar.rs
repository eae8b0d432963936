// rule: check_expire_after
use hello_exporter::{Collector, Gauge};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(expire_after = "10m")]
    a: Gauge,
}

fn main() {}
