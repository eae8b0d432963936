// rule: check_name, check_identifier
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(name = "5xx")]
    a: f64,
}

fn main() {}
