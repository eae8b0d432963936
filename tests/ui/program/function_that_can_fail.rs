// rule: Declared
use hello_exporter::{Collector, Registry};
use std::io;

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: f64,
}

fn hello() -> io::Result<Hello> {
    Ok(Hello { a: 1.0 })
}

fn main() {
    let _ = Registry::new().register_fn(hello);
}
