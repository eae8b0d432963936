// rule: check_info_name
use hello_exporter::{Collector, Info, Labels};

#[derive(Labels)]
struct Release {
    version: String,
}

#[derive(Collector)]
struct Hello {
    /// What the server says of itself.
    _info: Info<Release>,
}

fn main() {}
