// rule: check_overlap
use hello_exporter::{Collector, SummarySnapshot};

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: SummarySnapshot,
    /// Display the count of a.
    a_count: f64,
}

fn main() {}
