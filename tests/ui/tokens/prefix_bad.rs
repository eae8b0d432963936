// rule: check_flatten_prefixes
use hello_exporter::Collector;

#[derive(Collector)]
struct Inner {
    /// Display b.
    b: f64,
}

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(flatten, prefix = "a-")]
    a: Inner,
}

fn main() {}
