// rule: LabelValue
use hello_exporter::Labels;

#[derive(Labels)]
struct Hello<T> {
    kind: T,
    host: Vec<String>,
}

fn main() {}
