// rule: check_names_distinct
use hello_exporter::{Collector, Gauge};

#[derive(Collector)]
#[collector(utf8)]
struct Hello {
    #[metric(name = "a.b", help = "Display a.")]
    a: Gauge,
    #[metric(name = "a.b", help = "Display b.")]
    b: Gauge,
}

fn main() {}
