use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Time a.
    #[metric(native(min_reset = 3600))]
    a_seconds: Histogram,
}

fn main() {}
