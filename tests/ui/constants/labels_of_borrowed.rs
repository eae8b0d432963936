// rule: check_labels
use hello_exporter::Collector;

use std::collections::BTreeMap;

#[derive(Collector)]
struct Hello<'a> {
    /// Display a.
    #[metric(labels = ["x", "y"])]
    a: BTreeMap<&'a str, f64>,
}

fn main() {}
