use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(name = "a")] #[metric(name = "b")]
    a: f64,
}

fn main() {}
