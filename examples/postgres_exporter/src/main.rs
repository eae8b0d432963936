//! Exports a PostgreSQL server, as the postgres_exporter that is written in Go does.

mod flags;
mod metrics;
mod postgres;
mod probe;
mod queries;

use std::process::ExitCode;

use hello_exporter::probe::ProbeOptions;
use hello_exporter::{Exporter, SourceOptions, build_info};

use flags::Flags;
use postgres::Server;
use probe::Targets;
use queries::Queries;

const UP: &str = "Whether the last scrape of metrics from PostgreSQL was able to connect to the \
                  server (1 for yes, 0 for no).";

fn main() -> ExitCode {
    let options = |name| SourceOptions::new(name).timeout_from(|flags: &Flags| flags.timeout);
    let database = options("database").timeout_from(|flags| flags.database_timeout);
    let queries = options("queries").timeout_from(|flags| flags.query_timeout);
    let probe = ProbeOptions::new("/probe").timeout_from(|flags: &Flags| flags.timeout);
    Exporter::with_flags::<Flags>("postgres_exporter")
        .description("Exports the metrics of a PostgreSQL server.")
        .build_info(build_info!())
        .listen_address("0.0.0.0:9187")
        .state(Server::new)
        .source_with(database.up_metric("pg_up", UP), |_, server| server.source(metrics::sizes))
        .source_with(options("activity"), |_, server| server.source(metrics::activity))
        .source_with(options("settings"), |_, server| server.source(metrics::settings))
        .source_with(options("statistics"), |_, server| {
            Queries::built_in().map(|queries| queries.source(&server))
        })
        .source_with(queries, |flags, server| {
            let path = flags.query_path.as_deref()?;
            Some(Queries::read(path).map(|queries| queries.source(&server)))
        })
        .probe_with(probe, |flags, _| Targets::new(flags))
        .run()
}
