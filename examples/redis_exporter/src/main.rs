//! Exports a Redis server, or those that requests name, as the redis_exporter that is written in Go
//! does.

mod cluster;
mod config;
mod error;
mod flags;
mod info;
mod info_metrics;
mod info_reader;
mod latency;
mod metrics;
mod modules;
mod questions;
mod resp;
mod sentinel;
mod servers;
mod session;
mod skipped;

use std::process::ExitCode;
use std::time::Duration;

use hello_exporter::probe::ProbeOptions;
use hello_exporter::source::SourceOptions;
use hello_exporter::{Exporter, build_info};

use flags::Flags;
use servers::Servers;

/// The longest scrape. `--connection-timeout` ends one before.
const LONGEST: Duration = Duration::from_secs(60 * 60);

const UP: (&str, &str) = ("redis_up", "Whether the Redis server has answered.");

#[actix_web::main]
async fn main() -> ExitCode {
    Exporter::new("redis_exporter")
        .description("Exports the metrics of Redis servers.")
        .build_info(build_info!())
        .listen_address("0.0.0.0:9121")
        .flags::<Flags>()
        .source(
            SourceOptions::new("redis").timeout(LONGEST).up_metric(UP.0, UP.1),
            Servers::with_own,
        )
        .probe(ProbeOptions::new("/scrape").timeout(LONGEST).up_metric(UP.0, UP.1), Servers::new)
        .run()
        .await
}
