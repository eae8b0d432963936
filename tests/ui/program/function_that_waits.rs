// rule: Declared
use hello_exporter::{Collector, Exporter};

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: f64,
}

async fn hello() -> Hello {
    Hello { a: 1.0 }
}

fn main() {
    let _ = Exporter::new("hello").register_fn(hello);
}
