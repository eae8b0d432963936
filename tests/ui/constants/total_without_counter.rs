// rule: check_total
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(name = "a_total")]
    a: f64,
}

fn main() {}
