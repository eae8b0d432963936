use hello_exporter::Collector;

#[derive(Collector)]
union Hello {
    a: f64,
}

fn main() {}
