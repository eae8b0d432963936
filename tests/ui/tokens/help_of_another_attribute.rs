// rule: check_help
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    #[deprecated(note = "Not a help.")]
    a: f64,
}

fn main() {}
