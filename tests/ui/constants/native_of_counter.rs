// rule: check_native_taken
use hello_exporter::{Collector, Counter};

#[derive(Collector)]
struct Hello {
    /// Count a.
    #[metric(native)]
    a_total: Counter,
}

fn main() {}
