//! Probes of servers that requests name.

use std::error::Error;
use std::sync::Arc;

use hello_exporter::client::{Address, CredentialsError, Scheme};
use hello_exporter::probe::{Probe, ProbeRequest, Probed, TargetError};
use hello_exporter::{Collector, DynamicFamilies};
use tokio_postgres::Config;

use crate::flags::Flags;
use crate::metrics::{Activities, Sizes, activity, settings, sizes};
use crate::postgres::{Postgres, PostgresError};
use crate::queries::Queries;

const SCHEMES: [Scheme; 2] = [Scheme::plain("postgresql", 5432), Scheme::plain("postgres", 5432)];

/// Servers that requests name, with a login for all of them that is not that of another server.
pub(crate) struct Targets {
    login: Config,
    statistics: Queries,
}

/// The metrics of a target, without those of collectors that flags disable.
#[derive(Collector)]
pub(crate) struct Target {
    #[metric(flatten)]
    sizes: Option<Sizes>,
    #[metric(flatten)]
    activity: Option<Activities>,
    #[metric(flatten)]
    settings: Option<DynamicFamilies>,
    #[metric(flatten)]
    statistics: Option<DynamicFamilies>,
}

impl Targets {
    /// Returns the targets, if the flags have a login for them.
    pub(crate) fn new(flags: &Flags) -> Result<Option<Self>, Box<dyn Error + Send + Sync>> {
        let Some(login) = flags.login()? else { return Ok(None) };
        Ok(Some(Self { login, statistics: Queries::built_in()? }))
    }

    fn server(&self, target: &str) -> Result<Postgres, CredentialsError> {
        let (address, _) = Address::parse(target, &SCHEMES)?;
        let mut config = self.login.clone();
        config.host(address.host()).port(address.port());
        Ok(Postgres::new(config))
    }
}

impl Probe for Targets {
    type Metrics = Target;
    type Error = Box<dyn Error + Send + Sync>;

    fn check_target(&self, target: &str) -> Result<(), TargetError> {
        let server = self.server(target).map(drop);
        server.map_err(|error| TargetError::Invalid(error.to_string()))
    }

    async fn probe(&self, request: ProbeRequest) -> Result<Probed<Target>, Self::Error> {
        let server = &Arc::new(self.server(request.target())?);
        let is_enabled = |name| request.is_enabled(name);
        Ok(Probed::success(Target {
            sizes: part(is_enabled("database"), sizes(Arc::clone(server))).await?,
            activity: part(is_enabled("activity"), activity(Arc::clone(server))).await?,
            settings: part(is_enabled("settings"), settings(Arc::clone(server))).await?,
            statistics: part(is_enabled("statistics"), self.statistics.run(server)).await?,
        }))
    }
}

/// Runs a part of a probe, if it is enabled.
async fn part<M>(
    is_enabled: bool,
    run: impl Future<Output = Result<M, PostgresError>>,
) -> Result<Option<M>, PostgresError> {
    if is_enabled { run.await.map(Some) } else { Ok(None) }
}

#[cfg(test)]
mod tests;
