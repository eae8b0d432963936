// rule: check_label_values_distinct
use hello_exporter::LabelValue;

#[derive(LabelValue)]
enum Hello {
    NotFound,
    #[label(name = "not_found")]
    Missing,
}

fn main() {}
