use hello_exporter::LabelValue;

#[derive(LabelValue)]
#[label(utf8)]
enum Method {
    Get,
}

fn main() {}
