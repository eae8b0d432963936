// rule: check_unit
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(name = "a_total", counter, unit = "seconds")]
    a: f64,
}

fn main() {}
