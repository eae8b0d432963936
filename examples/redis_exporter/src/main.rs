//! Exports a Redis server, or servers that requests name, as the redis_exporter that is written in
//! Go does.

mod cluster;
mod config;
mod configuration;
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
use std::sync::Arc;

use hello_exporter::config::ConfigOptions;
use hello_exporter::probe::ProbeOptions;
use hello_exporter::{Exporter, SourceOptions, build_info};

use configuration::Configuration;
use flags::Flags;
use servers::{CurrentServers, Servers};

const UP: (&str, &str) = ("redis_up", "Whether the Redis server has answered.");

fn main() -> ExitCode {
    let timeout = |flags: &Flags| flags.connection_timeout;
    let config = ConfigOptions::optional();
    Exporter::with_flags::<Flags>("redis_exporter")
        .description("Exports the metrics of Redis servers.")
        .build_info(build_info!())
        .listen_address("0.0.0.0:9121")
        .env_prefix("REDIS_EXPORTER")
        .with_config(config.state(|flags: &Flags, configuration: Arc<Configuration>| {
            Servers::new(flags, &configuration)
        }))
        .source_with(
            SourceOptions::new("redis").timeout_from(timeout).up_metric(UP.0, UP.1),
            |_, servers| servers.get().has_own().then_some(CurrentServers(servers)),
        )
        .probe_with(
            ProbeOptions::new("/scrape").timeout_from(timeout).up_metric(UP.0, UP.1),
            |_, servers| CurrentServers(servers),
        )
        .run()
}
