// rule: check_unit
use hello_exporter::{Collector, Gauge};

#[derive(Collector)]
#[collector(utf8)]
struct Hello {
    #[metric(name = "time.seconds", help = "Display a.", unit = "seconds")]
    a: Gauge,
}

fn main() {}
