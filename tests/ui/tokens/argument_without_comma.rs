use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(name = "a" gauge)]
    a: f64,
}

fn main() {}
