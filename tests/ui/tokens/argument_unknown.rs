use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(lables = ["x"])]
    a: f64,
}

fn main() {}
