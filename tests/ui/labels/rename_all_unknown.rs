use hello_exporter::Labels;

#[derive(Labels)]
#[label(rename_all = "Snake")]
struct Hello {
    host: String,
}

fn main() {}
