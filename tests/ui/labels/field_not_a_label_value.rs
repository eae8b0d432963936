// rule: LabelValue
use hello_exporter::Labels;

#[derive(Labels)]
struct Hello {
    host: Vec<String>,
}

fn main() {}
