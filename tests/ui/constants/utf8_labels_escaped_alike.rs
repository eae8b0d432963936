// rule: check_escaped
use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
#[collector(utf8)]
struct Hello {
    #[metric(help = "Display b.", labels = ["host.name", "host_dot_name"])]
    b: CounterVec<2>,
}

fn main() {}
