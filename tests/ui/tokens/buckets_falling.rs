// rule: check_bucket_literals
use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(buckets = [2, -1])]
    a: Histogram,
}

fn main() {}
