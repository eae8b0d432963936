use hello_exporter::LabelValue;

#[derive(LabelValue)]
struct Hello {
    host: String,
}

fn main() {}
