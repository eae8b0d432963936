use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(const_labels(x))]
    a: f64,
}

fn main() {}
