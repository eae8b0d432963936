// rule: check_bucket_literals
use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(buckets = [1, 1e400])]
    a: Histogram,
}

fn main() {}
