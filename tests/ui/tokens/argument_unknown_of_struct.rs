use hello_exporter::Collector;

#[derive(Collector)]
#[collector(name_space = "x")]
struct Hello {
    /// Display a.
    a: f64,
}

fn main() {}
