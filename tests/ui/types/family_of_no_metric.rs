// rule: Metric
use hello_exporter::metric::Positional;
use hello_exporter::{Collector, Family};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x"])]
    a: Family<Positional<1>, u64>,
}

fn main() {}
