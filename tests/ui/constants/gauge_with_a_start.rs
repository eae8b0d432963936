// rule: check_type
use hello_exporter::{Collector, Started};

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(gauge)]
    a: Started<f64>,
}

fn main() {}
