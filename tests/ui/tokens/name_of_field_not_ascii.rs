// rule: check_name
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    größe: f64,
}

fn main() {}
