use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    #[metric("Display a.")]
    a: f64,
}

fn main() {}
