// rule: check_name, check_not_empty
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(name = "")]
    a: f64,
}

fn main() {}
