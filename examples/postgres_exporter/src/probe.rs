//! Probes of servers that requests name.

use std::{error::Error, sync::Arc};

use hello_exporter::client::{Address, CredentialsError, Scheme};
use hello_exporter::probe::{Probe, ProbeRequest, Probed, TargetError};
use hello_exporter::{Collector, DynamicFamilies, Rows, Source};
use tokio_postgres::Config;

use crate::metrics::{Activity, DatabaseName, DatabaseSize, State, activity, settings, sizes};
use crate::{postgres::Postgres, postgres::Result, queries::Queries};

/// The metrics of a target, without the collectors that flags disable.
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

/// Servers that requests name. All of them get the same user and password, and not those of
/// `--data-source.name`.
pub(crate) struct Targets(Config);

impl Targets {
    /// Returns the targets; `None` without a user for them.
    pub(crate) fn new(user: Option<&str>, password: &str) -> Option<Self> {
        let user = user.filter(|user| !user.is_empty())?;
        Some(Self(Config::new().user(user).password(password).dbname("postgres").clone()))
    }

    /// Returns the server at `target`, a host with or without a port.
    fn server(&self, target: &str) -> Result<Arc<Postgres>, CredentialsError> {
        let (address, _) = Address::parse(target, &[Scheme::plain("postgresql", 5432)])?;
        let mut config = self.0.clone();
        config.host(address.host()).port(address.port());
        Ok(Arc::new(Postgres::new(config)))
    }
}

impl Probe for Targets {
    type Metrics = Target;
    type Error = Box<dyn Error + Send + Sync>;

    fn check_target(&self, target: &str) -> Result<(), TargetError> {
        self.server(target).map(drop).map_err(|error| TargetError::Invalid(error.to_string()))
    }

    async fn probe(&self, request: ProbeRequest) -> Result<Probed<Target>> {
        let server = self.server(request.target())?;
        let statistics = Queries::built_in(Arc::clone(&server))?;
        Ok(Probed::success(Target {
            sizes: part(request.is_enabled("database"), sizes(Arc::clone(&server))).await?,
            activity: part(request.is_enabled("activity"), activity(Arc::clone(&server))).await?,
            settings: part(request.is_enabled("settings"), settings(server)).await?,
            statistics: part(request.is_enabled("statistics"), statistics.scrape()).await?,
        }))
    }
}

/// Runs a part of a probe, if it is enabled.
async fn part<M>(is_enabled: bool, run: impl Future<Output = Result<M>>) -> Result<Option<M>> {
    if is_enabled { run.await.map(Some) } else { Ok(None) }
}

#[cfg(test)]
mod tests;
