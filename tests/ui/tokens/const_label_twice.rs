// rule: check_labels_distinct
use hello_exporter::Collector;

#[derive(Collector)]
#[collector(const_labels(x = "2"))]
struct Hello {
    /// Display a.
    #[metric(const_labels(x = "1"))]
    a: f64,
}

fn main() {}
