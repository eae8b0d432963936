// rule: check_threshold
use hello_exporter::{Collector, Histogram};

const THRESHOLD: f64 = -0.5;

#[derive(Collector)]
struct Hello {
    /// Time a.
    #[metric(native(zero_threshold = THRESHOLD))]
    a_seconds: Histogram,
}

fn main() {}
