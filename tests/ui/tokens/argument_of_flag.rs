use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(counter = true)]
    a: f64,
}

fn main() {}
