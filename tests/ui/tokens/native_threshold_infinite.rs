// rule: check_native_literals
use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Time a.
    #[metric(native(max_zero_threshold = 1e400))]
    a_seconds: Histogram,
}

fn main() {}
