// rule: Make
use hello_exporter::{Collector, Metric};

#[derive(Collector)]
struct Hello<T: Metric> {
    /// Display a.
    a: T,
}

fn main() {}
