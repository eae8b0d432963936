// rule: Declared
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(flatten)]
    a: String,
}

fn main() {}
