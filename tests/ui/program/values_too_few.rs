use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
struct Hello {
    /// Display b.
    #[metric(labels = ["hostname", "path"])]
    b: CounterVec<2>,
}

fn main() {
    Hello::new().b.with(["Hi"]).inc();
}
