// rule: check_reserved_label
use hello_exporter::{Collector, Family, Histogram, Labels};

#[derive(Labels)]
struct Key {
    le: String,
}

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: Family<Key, Histogram>,
}

fn main() {}
