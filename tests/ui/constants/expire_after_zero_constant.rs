// rule: check_expire_after
use hello_exporter::{Collector, CounterVec};
use std::time::Duration;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x"], expire_after = Duration::ZERO)]
    a: CounterVec<1>,
}

fn main() {}
