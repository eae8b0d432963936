//! The metrics of the README as values: plain data, computed at each scrape.

use std::collections::BTreeMap;
use std::process::ExitCode;

use hello_exporter::{Collector, Exporter, build_info};

#[derive(Collector)]
struct HelloValues {
    /// Display a.
    a: f64,

    #[metric(counter, help = "Display b.", labels = ["hostname"], const_labels(hello = "world"))]
    b: BTreeMap<String, u64>,
}

fn hello() -> HelloValues {
    HelloValues { a: 1.0, b: BTreeMap::from([("Hi".to_owned(), 2)]) }
}

fn main() -> ExitCode {
    Exporter::new("hello_exporter").build_info(build_info!()).register_fn(hello).run()
}
