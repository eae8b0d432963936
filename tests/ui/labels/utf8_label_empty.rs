// rule: check_not_empty
use hello_exporter::Labels;

#[derive(Labels)]
#[label(utf8)]
struct Key {
    #[label(name = "")]
    name: String,
}

fn main() {}
