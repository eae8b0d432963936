use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(flatten, name = "b")]
    a: f64,
}

fn main() {}
