use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Time a.
    #[metric(native(max_buckets = -1))]
    a_seconds: Histogram,
}

fn main() {}
