// rule: check_overlap
use hello_exporter::{Collector, Gauge, Info, Labels};

#[derive(Labels)]
struct Release {
    version: String,
}

#[derive(Collector)]
struct Hello {
    /// Display a.
    release: Gauge,
    /// The build of the server.
    release_info: Info<Release>,
}

fn main() {}
