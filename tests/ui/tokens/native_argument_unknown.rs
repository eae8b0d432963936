use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Time a.
    #[metric(native(fator = 1.5))]
    a_seconds: Histogram,
}

fn main() {}
