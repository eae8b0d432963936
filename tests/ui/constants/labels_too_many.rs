// rule: check_labels
use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x", "y"])]
    a: CounterVec<1>,
}

fn main() {}
