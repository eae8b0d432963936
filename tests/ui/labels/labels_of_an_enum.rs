use hello_exporter::Labels;

#[derive(Labels)]
enum Hello {
    A,
}

fn main() {}
