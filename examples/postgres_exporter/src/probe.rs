//! Probes of servers that requests name.

use std::{error::Error, sync::Arc};

use hello_exporter::client::{Address, CredentialsError, Scheme};
use hello_exporter::probe::{ProbeRequest, Probed};
use hello_exporter::{Collector, DynamicFamilies, Rows};
use tokio_postgres::Config;

use crate::metrics::{Activity, DatabaseName, DatabaseSize, State, activity, settings, sizes};
use crate::postgres::{Postgres, Result};
use crate::queries::Queries;

/// The login for all targets, so that no target gets the password of another server.
#[derive(clap::Args)]
pub(crate) struct Login {
    /// User for the targets of probes. Without it there are no probes.
    #[arg(long = "probe.user", env = "PROBE_USER")]
    user: Option<String>,

    /// Password of this user.
    #[arg(long = "probe.password", env = "PROBE_PASSWORD", hide_env_values = true)]
    #[arg(default_value = "")]
    password: String,

    /// Database of the targets.
    #[arg(long = "probe.database", env = "PROBE_DATABASE", default_value = "postgres")]
    database: String,
}

impl Login {
    /// Returns a configuration without a host.
    pub(crate) fn config(&self) -> Option<Config> {
        let mut config = Config::new();
        config.user(self.user.as_deref()?).password(&self.password).dbname(&self.database);
        Some(config)
    }
}

/// The metrics of a target, without those of collectors that flags disable.
#[derive(Collector)]
pub(crate) struct Target {
    #[metric(flatten)]
    sizes: Option<Rows<DatabaseName, DatabaseSize>>,
    #[metric(flatten)]
    activity: Option<Rows<State, Activity>>,
    #[metric(flatten)]
    settings: Option<DynamicFamilies>,
    #[metric(flatten)]
    statistics: Option<DynamicFamilies>,
}

pub(crate) async fn probe(
    login: Config,
    request: ProbeRequest,
) -> Result<Probed<Target>, Box<dyn Error + Send + Sync>> {
    let server = server(login, request.target())?;
    let (statistics, is_enabled) = (Queries::built_in()?, |source| request.is_enabled(source));
    Ok(Probed::success(Target {
        sizes: part(is_enabled("database"), sizes(Arc::clone(&server))).await?,
        activity: part(is_enabled("activity"), activity(Arc::clone(&server))).await?,
        settings: part(is_enabled("settings"), settings(Arc::clone(&server))).await?,
        statistics: part(is_enabled("statistics"), statistics.run(&server)).await?,
    }))
}

/// Returns the server at `target`, a host with or without a port.
fn server(mut login: Config, target: &str) -> Result<Arc<Postgres>, CredentialsError> {
    let (address, _) = Address::parse(target, &[Scheme::plain("postgresql", 5432)])?;
    login.host(address.host()).port(address.port());
    Ok(Arc::new(Postgres::new(login)))
}

/// Runs a part of a probe, if it is enabled.
async fn part<M>(is_enabled: bool, run: impl Future<Output = Result<M>>) -> Result<Option<M>> {
    if is_enabled { run.await.map(Some) } else { Ok(None) }
}

#[cfg(test)]
mod tests;
