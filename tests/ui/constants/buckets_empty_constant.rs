// rule: check_buckets
use hello_exporter::{Collector, Histogram};

const BUCKETS: [f64; 0] = [];

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(buckets = BUCKETS)]
    a: Histogram,
}

fn main() {}
