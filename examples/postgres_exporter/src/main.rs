//! Exports a PostgreSQL server, as the postgres_exporter that is written in Go does.

mod metrics;
mod postgres;
mod probe;
mod queries;

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use hello_exporter::probe::{ProbeOptions, async_fn as probe_fn};
use hello_exporter::source::async_fn as source_fn;
use hello_exporter::{Exporter, SourceOptions, build_info, cli};

use metrics::{activity, settings, sizes};
use postgres::Postgres;
use queries::{Queries, QuerySource};

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

    /// File with more queries whose columns become labels and samples.
    #[arg(long = "extend.query-path", env = "PG_EXPORTER_EXTEND_QUERY_PATH")]
    file: Option<PathBuf>,

    /// How long to wait for the queries of this file.
    #[arg(long = "extend.query-timeout", default_value = "3s", value_parser = cli::parse_duration)]
    queries: Duration,

    #[command(flatten)]
    login: probe::Login,
}

const UP: &str = "Whether the last scrape of metrics from PostgreSQL was able to connect to the \
                  server (1 for yes, 0 for no).";

fn main() -> ExitCode {
    let options = |name| SourceOptions::new(name).timeout_from(|flags: &Flags| flags.timeout);
    let database = options("database").up_metric("pg_up", UP).timeout_from(|flags| flags.sizes);
    let queries = options("queries").timeout_from(|flags| flags.queries);
    let probe = ProbeOptions::new("/probe").timeout_from(|flags: &Flags| flags.timeout);
    Exporter::with_flags::<Flags>("postgres_exporter")
        .description("Exports the metrics of a PostgreSQL server.")
        .build_info(build_info!())
        .listen_address("0.0.0.0:9187")
        .state(|flags| Postgres::parse(&flags.server))
        .source_with(database, |_, server| source_fn(move || sizes(Arc::clone(&server))))
        .source_with(options("activity"), |_, server| {
            source_fn(move || activity(Arc::clone(&server)))
        })
        .source_with(options("settings"), |_, server| {
            source_fn(move || settings(Arc::clone(&server)))
        })
        .source_with(options("statistics"), |_, server| {
            Queries::built_in().map(|queries| QuerySource(queries, server))
        })
        .source_with(queries, |flags, server| {
            let queries = Queries::read(flags.file.as_deref()?);
            Some(queries.map(|queries| QuerySource(queries, server)))
        })
        .probe_with(probe, |flags, _| {
            let login = flags.login.config()?;
            Some(probe_fn(move |request| probe::probe(login.clone(), request)))
        })
        .run()
}
