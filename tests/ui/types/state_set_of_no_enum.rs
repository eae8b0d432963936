// rule: States
use hello_exporter::{Collector, StateSet};

#[derive(Collector)]
struct Hello {
    /// What this node is.
    role: StateSet<String>,
}

fn main() {}
