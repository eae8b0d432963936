// rule: check_old_name
use hello_exporter::{Collector, Counter};

#[derive(Collector)]
struct Hello {
    /// Jobs.
    #[metric(renamed_from = "jobs_total")]
    jobs_total: Counter,
}

fn main() {}
