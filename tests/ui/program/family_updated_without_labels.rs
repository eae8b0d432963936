// rule: OneSeries
use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
struct Hello {
    /// Display b.
    #[metric(labels = ["hostname"])]
    b: CounterVec<1>,
}

fn main() {
    Hello::new().b.inc();
}
