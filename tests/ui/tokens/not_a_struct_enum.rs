use hello_exporter::Collector;

#[derive(Collector)]
enum Hello {
    A(f64),
}

fn main() {}
