use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(name = 5, unit = "seconds")]
    a: f64,
}

fn main() {}
