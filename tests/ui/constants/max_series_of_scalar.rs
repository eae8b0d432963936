// rule: check_max_series
use hello_exporter::{Collector, Gauge};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(max_series = 10)]
    a: Gauge,
}

fn main() {}
