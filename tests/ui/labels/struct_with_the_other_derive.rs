use hello_exporter::{Collector, Counter, Family, LabelValue};

#[derive(LabelValue)]
struct Request {
    path: String,
}

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: Family<Request, Counter>,
}

fn main() {}
