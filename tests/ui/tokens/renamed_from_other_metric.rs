// rule: check_names_distinct
use hello_exporter::{Collector, Gauge};

#[derive(Collector)]
struct Hello {
    /// Jobs that wait.
    queue: Gauge,
    /// Jobs that wait, of all priorities.
    #[metric(renamed_from = "queue")]
    queue_length: Gauge,
}

fn main() {}
