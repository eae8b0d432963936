use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(const_labels(x = "1" y = "2"))]
    a: f64,
}

fn main() {}
