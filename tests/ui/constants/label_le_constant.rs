// rule: check_reserved_label
use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(const_labels(le = "x"))]
    a: Histogram,
}

fn main() {}
