// rule: check_not_empty
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(unit = "")]
    a: f64,
}

fn main() {}
