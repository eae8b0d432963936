use hello_exporter::Collector;

#[derive(Collector)]
struct Hello(f64);

fn main() {}
