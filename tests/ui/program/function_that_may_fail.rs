// rule: IntoCollector
use hello_exporter::{Collector, Registry};

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: f64,
}

fn hello() -> Option<Hello> {
    None
}

fn main() {
    let _ = Registry::new().register(hello);
}
