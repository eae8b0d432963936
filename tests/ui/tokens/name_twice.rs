// rule: check_names_distinct, check_distinct
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: f64,
    #[metric(name = "a", help = "Display b.")]
    b: f64,
}

fn main() {}
