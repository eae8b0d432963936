// rule: check_labels
use hello_exporter::Collector;

use std::collections::BTreeMap;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x"])]
    a: BTreeMap<(String, String), f64>,
}

fn main() {}
