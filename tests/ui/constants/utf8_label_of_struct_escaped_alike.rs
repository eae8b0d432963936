// rule: check_escaped
use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
#[collector(utf8, const_labels("host.name" = "x"))]
struct Hello {
    #[metric(help = "Display b.", labels = ["host-name"])]
    b: CounterVec<1>,
}

fn main() {}
