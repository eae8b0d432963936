// rule: check_status
use hello_exporter::{Collector, Counter};

#[derive(Collector)]
struct Hello {
    /// Jobs.
    #[metric(renamed_from = "jobs", deprecated = "use tasks_total")]
    jobs_total: Counter,
}

fn main() {}
