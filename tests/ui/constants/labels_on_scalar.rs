// rule: check_labels
use hello_exporter::{Collector, Gauge};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x"])]
    a: Gauge,
}

fn main() {}
