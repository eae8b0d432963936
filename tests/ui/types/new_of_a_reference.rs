// rule: Make
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: &'static f64,
}

fn main() {}
