// rule: check_name
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(name = "a-seconds", unit = "seconds")]
    a: f64,
}

fn main() {}
