use hello_exporter::Labels;

#[derive(Labels)]
#[label(rename_all = "kebab-case")]
struct Hello {
    host_name: String,
}

fn main() {}
