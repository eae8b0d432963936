use hello_exporter::Labels;

#[derive(Labels)]
struct Hello(String);

fn main() {}
