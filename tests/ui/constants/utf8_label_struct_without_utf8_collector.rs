// rule: check_plain_label_struct
use hello_exporter::{Collector, Counter, Family, Labels};

#[derive(Labels)]
#[label(utf8)]
struct Key {
    #[label(name = "host.name")]
    host: String,
}

#[derive(Collector)]
struct Hello {
    /// Display b.
    b: Family<Key, Counter>,
}

fn main() {}
