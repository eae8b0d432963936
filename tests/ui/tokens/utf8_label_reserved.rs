// rule: check_label_name
use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
#[collector(utf8)]
struct Hello {
    #[metric(help = "Display b.", labels = ["__name.of"])]
    b: CounterVec<1>,
}

fn main() {}
