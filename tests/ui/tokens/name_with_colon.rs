use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(name = "job:a")]
    a: f64,
}

fn main() {}
