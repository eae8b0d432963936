//! A job that writes its metrics to a file without end. Each number of a file is the same.

#![allow(missing_docs, reason = "a test program")]

use std::process::ExitCode;

use hello_exporter::{Collector, GaugeVec, Registry};

#[derive(Collector)]
struct Job {
    #[metric(help = "The number of the write.", labels = ["series"])]
    job_write: GaugeVec<1>,
}

fn main() -> ExitCode {
    let path = std::env::args().nth(1).unwrap_or_default();
    let job = std::sync::Arc::new(Job::new());
    let registry = Registry::new();
    if let Err(error) = registry.register(std::sync::Arc::clone(&job)) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    for write in 0.. {
        (0..5_000).for_each(|series| job.job_write.with([series]).set(f64::from(write)));
        if let Err(error) = registry.write_textfile(&path) {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
