// rule: ToSample
use hello_exporter::Collector;

use std::collections::BTreeMap;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x"])]
    a: BTreeMap<String, String>,
}

fn main() {}
