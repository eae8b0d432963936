// rule: check_unit_taken
use hello_exporter::{Collector, Info, Labels};

#[derive(Labels)]
struct Release {
    version: String,
}

#[derive(Collector)]
struct Hello {
    /// The build of the server.
    #[metric(name = "release_seconds_info", unit = "seconds_info")]
    release: Info<Release>,
}

fn main() {}
