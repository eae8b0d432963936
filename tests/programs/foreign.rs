//! An exporter of a registry of the `prometheus` crate that gathers invalid samples.

#![allow(clippy::expect_used, reason = "the registry is empty")]

use std::process::ExitCode;

use hello_exporter::Exporter;
use hello_exporter_tests::foreign::{Given, histogram};
use prometheus::proto::MetricType;

fn main() -> ExitCode {
    // Only one of the three series is valid.
    let metrics = vec![
        histogram("repeated", &[(1.0, 1), (1.0, 2)], 2),
        histogram("sound", &[(1.0, 1), (2.0, 2)], 2),
        histogram("falling", &[(1.0, 2), (2.0, 1)], 2),
    ];
    let waits = Given::new("waits_seconds", "Waits.", MetricType::HISTOGRAM, metrics);
    let registry = prometheus::Registry::new();
    registry.register(waits).expect("a registry of its own");
    Exporter::new("foreign").register(registry).run()
}
