// rule: check_unit
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(name = "seconds", unit = "seconds")]
    a: f64,
}

fn main() {}
