// rule: check_prefixes
use hello_exporter::Collector;

#[derive(Collector)]
#[collector(namespace = "my app")]
struct Hello {
    /// Display a.
    a: f64,
}

fn main() {}
