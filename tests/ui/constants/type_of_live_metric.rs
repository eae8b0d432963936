// rule: check_type
use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(gauge, labels = ["x"])]
    a: CounterVec<1>,
}

fn main() {}
