// rule: check_overlap
use hello_exporter::{Collector, Counter, Gauge};

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: Gauge,
    /// Count a.
    a_total: Counter,
}

fn main() {}
