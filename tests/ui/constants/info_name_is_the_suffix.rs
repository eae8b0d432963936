// rule: check_info_name
use hello_exporter::{Collector, Info, Labels};

#[derive(Labels)]
struct Release {
    version: String,
}

#[derive(Collector)]
struct Hello {
    /// The build of the server.
    _info: Info<Release>,
}

fn main() {}
