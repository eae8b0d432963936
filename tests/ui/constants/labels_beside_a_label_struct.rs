// rule: check_labels
use hello_exporter::{Collector, Counter, Family, Labels};

#[derive(Labels)]
struct Key {
    host: String,
}

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(labels = ["host"])]
    a: Family<Key, Counter>,
}

fn main() {}
