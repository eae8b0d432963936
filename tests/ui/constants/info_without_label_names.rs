// rule: check_labels
use hello_exporter::{Collector, Info};

#[derive(Collector)]
struct Hello {
    /// What the server says of itself.
    release_info: Info<String>,
}

fn main() {}
