use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x"], max_series = 0)]
    a: CounterVec<1>,
}

fn main() {}
