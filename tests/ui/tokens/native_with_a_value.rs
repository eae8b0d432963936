use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Time a.
    #[metric(native = 1.1)]
    a_seconds: Histogram,
}

fn main() {}
