//! Exports a Redis server, or servers that requests name, as the redis_exporter that is written in
//! Go does.

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
mod queries;
mod resp;
mod sentinel;
mod servers;
mod session;
mod skipped;

use std::process::ExitCode;

use hello_exporter::probe::ProbeOptions;
use hello_exporter::{Exporter, SourceOptions, build_info};

use flags::Flags;
use servers::Servers;

const UP: (&str, &str) = ("redis_up", "Whether the Redis server has answered.");

fn main() -> ExitCode {
    let timeout = |flags: &Flags| flags.connection_timeout;
    Exporter::with_flags::<Flags>("redis_exporter")
        .description("Exports the metrics of Redis servers.")
        .build_info(build_info!())
        .listen_address("0.0.0.0:9121")
        .state(Servers::new)
        .source_with(
            SourceOptions::new("redis").timeout_from(timeout).up_metric(UP.0, UP.1),
            |_, servers| servers.has_own().then_some(servers),
        )
        .probe_with(
            ProbeOptions::new("/scrape").timeout_from(timeout).up_metric(UP.0, UP.1),
            |_, servers| servers,
        )
        .run()
}
