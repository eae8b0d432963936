// rule: check_label_struct_names
use hello_exporter::Labels;

#[derive(Labels)]
struct Hello {
    __host: String,
}

fn main() {}
