//! The exporter under test: two writers update its metrics, and a remover removes series, while it
//! serves them.
//!
//! The writers and the remover stop when a line arrives on the standard input. The exporter then
//! prints the expected samples, each as `series value`, and a line `end`, and keeps serving. It
//! exits when its standard input ends, so it does not outlive the program that started it.

mod ledger;
mod metrics;
mod remover;
mod session;
mod tally;
mod writer;

use std::alloc::System;
use std::convert::Infallible;
use std::io::{self, BufRead as _, Write as _};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::thread;

use cap::Cap;
use hello_exporter::config::{ConfigFile, ConfigOptions};
use hello_exporter::source::in_turn;
use hello_exporter::{Collector, Exporter, build_info};

use ledger::{Ledger, WRITERS};
use metrics::Metrics;
use remover::Remover;
use tally::Expected;
use writer::Writer;

/// Counts the bytes in use on the heap.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// The exporter's configuration file.
#[derive(serde::Deserialize)]
struct Config {
    version: u64,
}

impl ConfigFile for Config {}

/// The metrics of the source that reads the configuration.
#[derive(Collector)]
#[collector(namespace = "soak")]
struct Configured {
    /// Version of the configuration that the source has used.
    config_version: u64,
}

fn main() -> ExitCode {
    let metrics = Arc::new(Metrics::new());
    let ledger = Arc::new(Ledger::default());
    let run = {
        let (metrics, ledger) = (Arc::clone(&metrics), Arc::clone(&ledger));
        move || ledger.run(metrics.sessions_total.len(), HEAP.allocated())
    };
    let registered = Arc::clone(&metrics);
    thread::spawn(move || update_and_report(&metrics, &ledger));
    Exporter::new("soak_exporter")
        .build_info(build_info!())
        .with_config(ConfigOptions::<(), Config>::required("soak.yml"))
        .register(registered)
        .register_fn(run)
        .source_with("config", |(), config| {
            in_turn(move || {
                Ok::<_, Infallible>(Configured { config_version: config.get().version })
            })
        })
        .run()
}

/// Updates the metrics until a line arrives, and prints the expected samples. Exits at the end of
/// the standard input.
fn update_and_report(metrics: &Metrics, ledger: &Ledger) {
    let mut expected = Expected::default();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|id| scope.spawn(move || Writer::new(id, metrics, ledger).run()))
            .collect();
        let remover = scope.spawn(|| Remover::new(metrics, ledger).run());
        wait_for_line();
        ledger.stop();
        for writer in writers {
            expected.add_all(writer.join().unwrap());
        }
        remover.join().unwrap().check_rest();
    });
    let mut out = io::stdout().lock();
    for (series, value) in expected.samples() {
        writeln!(out, "{series} {value}").unwrap();
    }
    writeln!(out, "end").unwrap();
    out.flush().unwrap();
    drop(out);
    wait_for_line();
}

/// Waits for a line on the standard input. Exits at the end of the input.
fn wait_for_line() {
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line).unwrap_or_default() == 0 {
        process::exit(1);
    }
}
