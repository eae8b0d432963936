// rule: check_buckets
use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(buckets = [1.0, f64::INFINITY])]
    a: Histogram,
}

fn main() {}
