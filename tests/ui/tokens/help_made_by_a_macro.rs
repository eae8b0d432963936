// rule: check_help
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    #[doc = concat!("Display ", "a.")]
    a: f64,
}

fn main() {}
