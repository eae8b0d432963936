// rule: MakeNew
use hello_exporter::Collector;

#[derive(Collector)]
#[collector(no_new)]
struct Inner {
    /// Display b.
    b: f64,
}

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(flatten)]
    a: Inner,
}

fn main() {}
