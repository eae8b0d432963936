// rule: check_type
use hello_exporter::{Collector, Info, Labels};

#[derive(Labels)]
struct Release {
    version: String,
}

#[derive(Collector)]
struct Hello {
    /// What the server says of itself.
    #[metric(counter)]
    release_info: Info<Release>,
}

fn main() {}
