// rule: check_unit_taken
use hello_exporter::{Collector, Gauge};

#[derive(Collector)]
struct Hello {
    /// Time spent.
    #[metric(unit = "seconds")]
    busy_seconds_total: Gauge,
}

fn main() {}
