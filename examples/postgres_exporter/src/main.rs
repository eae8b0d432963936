//! Exports a PostgreSQL server, as the postgres_exporter that is written in Go does.

mod metrics;
mod postgres;
mod queries;
mod settings;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use hello_exporter::probe::{ProbeOptions, ProbeRequest, Probed};
use hello_exporter::source::SourceOptions;
use hello_exporter::{Exporter, Labels, Rows, build_info};

use metrics::{DatabaseName, DatabaseSize};
use postgres::Postgres;
use queries::Queries;

#[derive(clap::Args)]
struct Flags {
    /// Server to export, as a URL or as `host=… user=…`.
    #[arg(long = "data-source.name", env = "DATA_SOURCE_NAME", hide_env_values = true)]
    data_source_name: String,

    /// File with more queries whose columns become labels and samples.
    #[arg(long = "extend.query-path", value_name = "FILE")]
    query_path: Option<PathBuf>,
}

/// Label values of run-time width, until the library takes them.
pub(crate) struct Values<'a>(pub(crate) &'a [(&'a str, &'a str)]);

impl Labels for Values<'_> {
    const COUNT: usize = 0;

    fn with_values<R>(&self, read: impl FnOnce(&[&str]) -> R) -> R {
        read(&self.0.iter().map(|(_, value)| *value).collect::<Vec<_>>())
    }
}

/// Returns the connection that all sources share, until the library makes it.
fn shared(flags: &Flags) -> Result<Arc<Postgres>, tokio_postgres::Error> {
    static SHARED: OnceLock<Arc<Postgres>> = OnceLock::new();

    let config = flags.data_source_name.parse()?;
    Ok(Arc::clone(SHARED.get_or_init(|| Arc::new(Postgres::new(config)))))
}

macro_rules! source {
    (|$postgres:ident| $scrape:expr) => {
        |flags: &Flags| {
            let postgres = shared(flags)?;
            Ok::<_, tokio_postgres::Error>(move || {
                let $postgres = Arc::clone(&postgres);
                async move { $scrape.await }
            })
        }
    };
}

/// User and password of the targets of probes, until a flag has them.
fn login() -> tokio_postgres::Config {
    let mut login = tokio_postgres::Config::new();
    login.user("postgres");
    login
}

async fn probe(
    request: ProbeRequest,
) -> Result<Probed<Rows<DatabaseName, DatabaseSize>>, Box<dyn std::error::Error + Send + Sync>> {
    let postgres = Postgres::at(request.target(), &login())?;
    Ok(Probed::success(postgres.rows(metrics::SIZES).await?))
}

#[actix_web::main]
async fn main() -> ExitCode {
    let up = SourceOptions::new("database").up(
        "pg_up",
        "Whether the last scrape of metrics from PostgreSQL was able to connect to the server (1 for \
         yes, 0 for no).",
    );
    Exporter::new("postgres_exporter")
        .description("Exports the metrics of a PostgreSQL server.")
        .build_info(build_info!())
        .listen_address("0.0.0.0:9187")
        .flags::<Flags>()
        .source(up, source!(|p| p.rows::<DatabaseName, DatabaseSize>(metrics::SIZES)))
        .source(
            "activity",
            source!(|p| p.rows::<metrics::State, metrics::Activity>(metrics::ACTIVITY)),
        )
        .source("settings", source!(|p| settings::settings(&p)))
        .source("statistics", |flags: &Flags| {
            let queries = Arc::new(Queries::built_in()?);
            let postgres = shared(flags)?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(move || {
                let (queries, postgres) = (Arc::clone(&queries), Arc::clone(&postgres));
                async move { queries.run(&postgres).await }
            })
        })
        .source("queries", |flags: &Flags| {
            let Some(path) = &flags.query_path else { return Ok(None) };
            let queries = Arc::new(Queries::read(path)?);
            let postgres = shared(flags)?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Some(move || {
                let (queries, postgres) = (Arc::clone(&queries), Arc::clone(&postgres));
                async move { queries.run(&postgres).await }
            }))
        })
        .probe(ProbeOptions::new("/probe"), probe)
        .run()
        .await
}
