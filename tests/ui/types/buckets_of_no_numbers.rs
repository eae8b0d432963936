use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(buckets = "x")]
    a: Histogram,
}

fn main() {}
