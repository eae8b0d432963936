// rule: check_total
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(gauge, name = "a_total")]
    a: f64,
}

fn main() {}
