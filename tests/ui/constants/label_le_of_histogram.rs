// rule: check_reserved_label
use hello_exporter::{Collector, HistogramVec};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["le"])]
    a: HistogramVec<1>,
}

fn main() {}
