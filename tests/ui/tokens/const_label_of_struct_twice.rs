// rule: check_struct_const_labels
use hello_exporter::Collector;

#[derive(Collector)]
#[collector(const_labels(x = "1", x = "2"))]
struct Hello {
    /// Display a.
    a: f64,
}

fn main() {}
