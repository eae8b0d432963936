// rule: Make
use hello_exporter::collect::Metric;
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello<T: Metric> {
    /// Display a.
    a: T,
}

fn main() {}
