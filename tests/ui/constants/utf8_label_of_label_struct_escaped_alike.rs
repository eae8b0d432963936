// rule: check_escaped
use hello_exporter::{Collector, Counter, Family, Labels};

#[derive(Labels)]
#[label(utf8)]
struct Key {
    #[label(name = "host.name")]
    host: String,
}

#[derive(Collector)]
#[collector(utf8)]
struct Hello {
    #[metric(help = "Display b.", const_labels(host_name = "x"))]
    b: Family<Key, Counter>,
}

fn main() {}
