// rule: ToSample
use hello_exporter::{Collector, Info};
use std::collections::BTreeMap;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["x"])]
    a_info: BTreeMap<String, Info<String>>,
}

fn main() {}
