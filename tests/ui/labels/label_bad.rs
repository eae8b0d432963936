// rule: check_label_struct_names
use hello_exporter::Labels;

#[derive(Labels)]
struct Hello {
    #[label(name = "host name")]
    host: String,
}

fn main() {}
