// rule: check_status
use hello_exporter::{Collector, Gauge};

#[derive(Collector)]
struct Hello {
    /// Jobs.
    #[metric(deprecated = "")]
    jobs: Gauge,
}

fn main() {}
