use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(counter, gauge)]
    a: f64,
}

fn main() {}
