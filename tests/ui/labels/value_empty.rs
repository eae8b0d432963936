// rule: check_label_values
use hello_exporter::LabelValue;

#[derive(LabelValue)]
enum Hello {
    #[label(name = "")]
    None,
}

fn main() {}
