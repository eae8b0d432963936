// rule: check_bucket_literals
use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(buckets = [0.1, 1, 1.0])]
    a: Histogram,
}

fn main() {}
