use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Time a.
    #[metric(native(factor = 1.5, factor = 1.2))]
    a_seconds: Histogram,
}

fn main() {}
