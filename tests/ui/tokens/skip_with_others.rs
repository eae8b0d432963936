use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(skip, name = "b")]
    a: f64,
}

fn main() {}
