// rule: check_labels_distinct
use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x", "y", "x"])]
    a: CounterVec<3>,
}

fn main() {}
