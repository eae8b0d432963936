use hello_exporter::LabelValue;

#[derive(LabelValue)]
enum Hello {
    Other(u16),
}

fn main() {}
