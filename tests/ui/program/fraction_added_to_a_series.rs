use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
struct Hello {
    /// Seconds spent.
    #[metric(labels = ["cpu"])]
    seconds_total: CounterVec<1>,
}

fn main() {
    Hello::new().seconds_total.with([0]).inc_by(1.5);
}
