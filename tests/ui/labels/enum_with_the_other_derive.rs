use hello_exporter::Labels;

#[derive(Labels)]
enum Method {
    Get,
}

#[derive(Labels)]
struct Request {
    method: Method,
}

fn main() {}
