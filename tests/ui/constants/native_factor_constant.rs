// rule: check_factor
use hello_exporter::{Collector, Histogram};

const FACTOR: f64 = 1.0;

#[derive(Collector)]
struct Hello {
    /// Time a.
    #[metric(native(factor = FACTOR))]
    a_seconds: Histogram,
}

fn main() {}
