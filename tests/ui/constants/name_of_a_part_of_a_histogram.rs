// rule: check_overlap
use hello_exporter::{Collector, Gauge, Histogram};

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: Histogram,
    /// Display the number of a.
    a_count: Gauge,
}

fn main() {}
