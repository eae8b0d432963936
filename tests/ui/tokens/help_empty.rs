// rule: check_help
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    #[metric(help = "")]
    a: f64,
}

fn main() {}
