// rule: check_buckets
use hello_exporter::{Collector, Histogram};

const BUCKETS: &[f64] = &[1.0, 0.5];

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(buckets = BUCKETS)]
    a: Histogram,
}

fn main() {}
