// rule: check_reserved_label
use hello_exporter::{Collector, LabelValue, StateSet};

#[derive(LabelValue)]
enum Role {
    Leader,
}

#[derive(Collector)]
#[collector(namespace = "node")]
struct Hello {
    /// The role of this node.
    #[metric(const_labels(node_role = "leader"))]
    role: StateSet<Role>,
}

fn main() {}
