// rule: check_label_names
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(const_labels("a b" = "1"))]
    a: f64,
}

fn main() {}
