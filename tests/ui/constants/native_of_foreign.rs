// rule: check_native_taken
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Time a.
    #[metric(native(factor = 1.5), buckets = [1])]
    a_seconds: hello_exporter::prometheus::Histogram,
}

fn main() {}
