// rule: check_escaped
use hello_exporter::Labels;

#[derive(Labels)]
#[label(utf8)]
struct Key {
    #[label(name = "host.name")]
    name: String,
    host_name: String,
}

fn main() {}
