// rule: States
use hello_exporter::{Collector, StateSet};

#[derive(Collector)]
struct Hello {
    /// The role of this node.
    role: StateSet<String>,
}

fn main() {}
