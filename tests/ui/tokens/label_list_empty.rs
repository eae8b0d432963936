// rule: check_label_list
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = [])]
    a: f64,
}

fn main() {}
