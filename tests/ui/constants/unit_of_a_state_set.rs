// rule: check_unit_taken
use hello_exporter::{Collector, LabelValue, StateSet};

#[derive(LabelValue)]
enum Role {
    Leader,
}

#[derive(Collector)]
struct Hello {
    /// The role of this node.
    #[metric(unit = "role")]
    node_role: StateSet<Role>,
}

fn main() {}
