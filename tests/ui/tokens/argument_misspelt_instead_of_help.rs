use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    #[metric(hlep = "Display a.")]
    a: f64,
}

fn main() {}
