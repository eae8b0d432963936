// rule: check_max_series
use hello_exporter::{Collector, CounterVec};

const MOST: usize = 0;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x"], max_series = MOST)]
    a: CounterVec<1>,
}

fn main() {}
