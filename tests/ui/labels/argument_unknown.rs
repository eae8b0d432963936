use hello_exporter::Labels;

#[derive(Labels)]
struct Hello {
    #[label(rename = "h")]
    host: String,
}

fn main() {}
