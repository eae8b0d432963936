use hello_exporter::Collector;

#[derive(Collector)]
#[collector(crate = "renamed")]
struct Hello {
    /// Display a.
    a: f64,
}

fn main() {}
