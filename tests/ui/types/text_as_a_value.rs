// rule: Metric
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// The version.
    version: String,
}

fn main() {}
