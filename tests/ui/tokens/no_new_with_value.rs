use hello_exporter::Collector;

#[derive(Collector)]
#[collector(no_new = true)]
struct Hello {
    /// Display a.
    a: f64,
}

impl Hello {
    fn new() -> Self {
        Self { a: 1.0 }
    }
}

fn main() {}
