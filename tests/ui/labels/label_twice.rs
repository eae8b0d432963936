// rule: check_label_struct_names
use hello_exporter::Labels;

#[derive(Labels)]
struct Hello {
    host: String,
    #[label(name = "host")]
    other: String,
}

fn main() {}
