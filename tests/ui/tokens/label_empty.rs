// rule: check_label_names, check_not_empty
use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = [""])]
    a: CounterVec<1>,
}

fn main() {}
