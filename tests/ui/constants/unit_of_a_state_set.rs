// rule: check_unit_taken
use hello_exporter::{Collector, LabelValue, StateSet};

#[derive(LabelValue)]
enum Role {
    Leader,
}

#[derive(Collector)]
struct Hello {
    /// What this node is.
    #[metric(unit = "role")]
    node_role: StateSet<Role>,
}

fn main() {}
