// rule: check_labels, check_utf8_labels
use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x"])]
    a: CounterVec<2>,
}

fn main() {}
