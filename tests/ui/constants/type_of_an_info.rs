// rule: check_type
use hello_exporter::{Collector, Info, Labels};

#[derive(Labels)]
struct Release {
    version: String,
}

#[derive(Collector)]
struct Hello {
    /// The build of the server.
    #[metric(counter)]
    release_info: Info<Release>,
}

fn main() {}
