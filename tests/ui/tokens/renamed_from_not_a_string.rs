use hello_exporter::{Collector, Counter};

#[derive(Collector)]
struct Hello {
    /// Jobs.
    #[metric(renamed_from = jobs)]
    jobs_total: Counter,
}

fn main() {}
