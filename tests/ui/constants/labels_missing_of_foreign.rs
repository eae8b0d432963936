// rule: check_labels
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: prometheus::IntCounterVec,
}

fn main() {}
