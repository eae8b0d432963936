// rule: check_name, check_metric_name
use hello_exporter::Collector;

#[derive(Collector)]
struct Hello {
    /// Display a.
    #[metric(name = "job:a")]
    a: f64,
}

fn main() {}
