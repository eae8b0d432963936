// rule: check_reserved_label
use hello_exporter::{Collector, SummarySnapshot};
use std::collections::BTreeMap;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["quantile"])]
    a: BTreeMap<String, SummarySnapshot>,
}

fn main() {}
