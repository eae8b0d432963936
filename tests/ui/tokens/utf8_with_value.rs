use hello_exporter::{Collector, Gauge};

#[derive(Collector)]
#[collector(utf8 = true)]
struct Hello {
    /// Display a.
    a: Gauge,
}

fn main() {}
