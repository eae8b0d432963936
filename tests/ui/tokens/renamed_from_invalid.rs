// rule: check_identifier
use hello_exporter::{Collector, Counter};

#[derive(Collector)]
struct Hello {
    /// Jobs.
    #[metric(renamed_from = "jobs-done")]
    jobs_total: Counter,
}

fn main() {}
