// The metrics of all four structs. The build scripts include this file.

use std::fmt::Write as _;

const METRICS: usize = 200;

/// Calls `write` for each field: a counter with a label, a gauge with a label, a counter, a gauge,
/// and so on.
fn each(mut write: impl FnMut(usize, bool, bool)) {
    for at in 0..METRICS {
        write(at, at % 2 == 0, at % 4 < 2);
    }
}

fn save(source: &str) {
    let directory = std::env::var("OUT_DIR").unwrap();
    std::fs::write(std::path::Path::new(&directory).join("metrics.rs"), source).unwrap();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../fields.rs");
}
