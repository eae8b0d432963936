// rule: check_native_literals
use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Time a.
    #[metric(native(factor = 1))]
    a_seconds: Histogram,
}

fn main() {}
