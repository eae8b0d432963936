// rule: Metric
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: Option<Vec<String>>,
}

fn main() {}
