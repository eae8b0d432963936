// rule: Labels
use hello_exporter::Collector;

use std::collections::BTreeMap;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x"])]
    a: BTreeMap<(), f64>,
}

fn main() {}
