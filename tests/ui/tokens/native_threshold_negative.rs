// rule: check_native_literals
use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Time a.
    #[metric(native(zero_threshold = -1e-9))]
    a_seconds: Histogram,
}

fn main() {}
