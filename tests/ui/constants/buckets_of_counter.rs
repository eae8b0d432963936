// rule: check_buckets_taken
use hello_exporter::{Collector, Counter};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(buckets = [1])]
    a: Counter,
}

fn main() {}
