// rule: check_overlap
use hello_exporter::{Collector, Histogram};

#[derive(Collector)]
struct Hello {
    /// Time a.
    #[metric(renamed_from = "a_seconds_sum")]
    a_seconds: Histogram,
}

fn main() {}
