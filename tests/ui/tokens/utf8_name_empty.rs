// rule: check_not_empty
use hello_exporter::{Collector, Gauge};

#[derive(Collector)]
#[collector(utf8)]
struct Hello {
    #[metric(name = "", help = "Display a.")]
    a: Gauge,
}

fn main() {}
