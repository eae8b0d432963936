use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric = "a"]
    a: f64,
}

fn main() {}
