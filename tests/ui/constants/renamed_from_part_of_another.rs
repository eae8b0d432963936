// rule: check_overlap
use hello_exporter::{Collector, Gauge, Histogram};

#[derive(Collector)]
struct Hello {
    /// Time a.
    a_seconds: Histogram,
    /// Count a.
    #[metric(renamed_from = "a_seconds_count")]
    times: Gauge,
}

fn main() {}
