use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x"], expire_after = "0s")]
    a: CounterVec<1>,
}

fn main() {}
