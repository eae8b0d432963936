// rule: check_labels
use hello_exporter::{Collector, Info};

#[derive(Collector)]
struct Hello {
    /// The build of the server.
    release_info: Info<String>,
}

fn main() {}
