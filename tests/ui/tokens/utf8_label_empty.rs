// rule: check_not_empty
use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
#[collector(utf8)]
struct Hello {
    #[metric(help = "Display b.", labels = [""])]
    b: CounterVec<1>,
}

fn main() {}
