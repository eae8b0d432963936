// rule: check_label_names, check_label_name
use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["__name__"])]
    a: CounterVec<1>,
}

fn main() {}
