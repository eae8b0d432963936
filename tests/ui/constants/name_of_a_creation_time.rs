// rule: check_overlap
use hello_exporter::{Collector, Counter, Gauge};

#[derive(Collector)]
struct Hello {
    /// Count a.
    a_total: Counter,
    /// Display the time of a.
    a_created: Gauge,
}

fn main() {}
