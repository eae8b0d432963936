// rule: check_escaped_label, check_escaped
use hello_exporter::Labels;

#[derive(Labels)]
#[label(utf8)]
struct Key {
    #[label(name = "..name..")]
    name: String,
}

fn main() {}
