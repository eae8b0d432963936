// rule: check_reserved_label
use hello_exporter::{Collector, LabelValue, StateSet};

#[derive(LabelValue)]
enum Role {
    Leader,
}

#[derive(Collector)]
#[collector(namespace = "node")]
struct Hello {
    /// What this node is.
    #[metric(const_labels(node_role = "leader"))]
    role: StateSet<Role>,
}

fn main() {}
