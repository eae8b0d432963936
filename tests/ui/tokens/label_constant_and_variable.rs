// rule: check_labels_distinct
use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x"], const_labels(x = "1"))]
    a: CounterVec<1>,
}

fn main() {}
