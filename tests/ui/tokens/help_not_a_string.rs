use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    #[metric(help = 5)]
    a: f64,
}

fn main() {}
