use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(prefix = "b_")]
    a: f64,
}

fn main() {}
