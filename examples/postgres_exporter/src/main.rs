//! Exports a PostgreSQL server, as the postgres_exporter that is written in Go does.

mod metrics;
mod postgres;
mod probe;
mod queries;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use hello_exporter::{Exporter, SourceOptions, build_info, cli, probe::ProbeOptions};

use queries::Queries;

#[derive(clap::Args)]
struct Flags {
    /// Server to export, as a URL or as `host=… user=…`.
    #[arg(long = "data-source.name", env = "DATA_SOURCE_NAME", hide_env_values = true)]
    server: String,

    /// How long to wait for a probe, and for each collector that has no timeout of its own.
    #[arg(long = "collection-timeout", env = "PG_EXPORTER_COLLECTION_TIMEOUT")]
    #[arg(default_value = "10s", value_parser = cli::parse_duration)]
    timeout: Duration,

    /// How long to wait for the sizes of databases.
    #[arg(long = "database.timeout", default_value = "5s", value_parser = cli::parse_duration)]
    sizes: Duration,

    /// File with more queries, whose columns become labels and samples.
    #[arg(long = "extend.query-path", env = "PG_EXPORTER_EXTEND_QUERY_PATH")]
    file: Option<PathBuf>,

    /// How long to wait for the queries of this file.
    #[arg(long = "extend.query-timeout", default_value = "3s", value_parser = cli::parse_duration)]
    queries: Duration,

    /// User for the targets of probes. Probes are disabled without a user.
    #[arg(long = "probe.user", env = "PROBE_USER")]
    user: Option<String>,

    /// Password of this user.
    #[arg(long = "probe.password", env = "PROBE_PASSWORD")]
    #[arg(default_value = "", hide_env_values = true)]
    password: String,
}

const UP: &str = "Whether the last scrape of metrics from PostgreSQL was able to connect to the \
                  server (1 for yes, 0 for no).";

fn main() -> ExitCode {
    let of = |name| SourceOptions::new(name).timeout_from(|flags: &Flags| flags.timeout);
    let database = of("database").up_metric("pg_up", UP).timeout_from(|flags| flags.sizes);
    let queries = of("queries").timeout_from(|flags| flags.queries);
    let probe = ProbeOptions::new("/probe").timeout_from(|flags: &Flags| flags.timeout);
    Exporter::with_flags::<Flags>("postgres_exporter")
        .description("Exports the metrics of a PostgreSQL server.")
        .build_info(build_info!())
        .listen_address("0.0.0.0:9187")
        .state(|flags| flags.server.parse().map(postgres::Postgres::new))
        .source_fn_with(database, metrics::sizes)
        .source_fn_with(of("activity"), metrics::activity)
        .source_fn_with(of("settings"), metrics::settings)
        .source_with(of("statistics"), |_, server| Queries::built_in(server))
        .source_with(queries, |flags, server| Some(Queries::read(flags.file.as_deref()?, server)))
        .probe_with(probe, |flags, _| probe::Targets::new(flags.user.as_deref(), &flags.password))
        .run()
}
