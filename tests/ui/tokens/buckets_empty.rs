// rule: check_bucket_literals
use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(buckets = [])]
    a: Histogram,
}

fn main() {}
