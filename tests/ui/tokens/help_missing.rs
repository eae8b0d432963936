// rule: check_help
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    #[metric(name = "a")]
    a: f64,
}

fn main() {}
