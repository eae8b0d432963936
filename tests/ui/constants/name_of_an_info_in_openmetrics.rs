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
    /// What the server says of itself.
    release_info: Info<Release>,
}

fn main() {}
