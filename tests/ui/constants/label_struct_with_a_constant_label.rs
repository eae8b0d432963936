// rule: check_label_struct
use hello_exporter::{Collector, Counter, Family, Labels};

#[derive(Labels)]
struct Key {
    host: String,
}

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(const_labels(host = "x"))]
    a: Family<Key, Counter>,
}

fn main() {}
