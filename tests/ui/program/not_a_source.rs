// rule: Source
use hello_exporter::{Collector, Exporter};

#[derive(Collector)]
struct Disk {
    /// Entries in the spool directory.
    spool_entries: u64,
}

fn main() {
    let _ = Exporter::new("x").source("disk", || Disk { spool_entries: 1 });
}
