//! The servers to scrape, and the password for each of them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hello_exporter::Source;
use hello_exporter::client::{
    Address, ClientTls, Connector, CredentialStore, Credentials, CredentialsError, Scheme,
};
use hello_exporter::config::Current;
use hello_exporter::probe::{Probe, ProbeRequest, Probed, TargetError};
use hello_exporter::source::time_left;
use tokio::time::{Instant, timeout};
use tracing::field::{DisplayValue, display};
use tracing::{debug, info, warn};

use crate::configuration::Configuration;
use crate::error::Error;
use crate::flags::{Flags, Options};
use crate::metrics::RedisMetrics;
use crate::queries::{Query, queries};
use crate::resp::{Commands, Reply};
use crate::sentinel::Monitored;
use crate::session::Session;

pub(crate) const SCHEMES: [Scheme; 6] = [
    Scheme::plain("redis", 6379),
    Scheme::tls("rediss", 6379),
    Scheme::plain("valkey", 6379),
    Scheme::tls("valkeys", 6379),
    Scheme::plain("tcp", 6379),
    Scheme::unix("unix"),
];

/// The servers of one version of the configuration: the one of `--redis.addr`, and those that
/// requests name.
pub(crate) struct Servers {
    /// The server of `--redis.addr`.
    own: Option<Address>,
    /// The servers that requests may name; `None` for all servers.
    targets: Option<Vec<Address>>,
    connector: Connector,
    timeout: Duration,
    options: Options,
    /// Whether the last scrape of `own` was partial.
    is_partial: AtomicBool,
}

/// The result of a scrape of a server that is up.
struct Scraped {
    metrics: RedisMetrics,
    /// Why replies are missing, if any are.
    error: Option<Error>,
}

impl Servers {
    pub(crate) fn new(flags: &Flags, configuration: &Configuration) -> Result<Self, Error> {
        if flags.connection_timeout.is_zero() {
            return Err(Error::NoTime);
        }
        let mut store = CredentialStore::new();
        if let Some(path) = &flags.password_file {
            read_passwords(path, &mut store)?;
        }
        let targets = configuration.servers(&mut store)?;
        let own = insert_own(flags, &mut store)?;
        let tls = ClientTls::new()
            .ca_file(flags.tls_ca_cert_file.clone())
            .certificate(flags.tls_client_cert_file.clone(), flags.tls_client_key_file.clone())
            .insecure_skip_verify(flags.skip_tls_verification);
        Ok(Self {
            own,
            targets,
            connector: tls.connector(store)?,
            timeout: flags.connection_timeout,
            options: flags.options.clone(),
            is_partial: AtomicBool::new(false),
        })
    }

    /// Returns whether `--redis.addr` names a server.
    pub(crate) fn has_own(&self) -> bool {
        self.own.is_some()
    }

    /// Returns whether requests may name the server.
    fn is_target(&self, address: &Address) -> bool {
        let is_listed = |targets: &Vec<Address>| targets.contains(address);
        self.own.as_ref() == Some(address) || self.targets.as_ref().is_none_or(is_listed)
    }

    /// Scrapes a server. A server that answers INFO is up, even if other commands fail.
    async fn scrape_at(&self, address: &Address) -> Result<Scraped, Error> {
        let started = Instant::now();
        let connection = self.connector.connect(address).await.map_err(Error::Connect)?;
        let mut session = Session::new(connection);
        let connect_time = started.elapsed();
        let credentials = self.connector.credentials(address);
        let text = session.info(credentials, self.options.set_client_name).await?;
        let info = text.parse();
        let mut metrics = RedisMetrics::of_info(&info, &self.options)?;
        let queries = queries(&info, &self.options);
        let mut replies = Vec::new();
        let rest = self.run_rest(&mut session, &queries, &mut replies, &mut metrics);
        let rest = timeout(time_left(), rest).await;
        let error = rest.map_err(|_| Error::Late(self.timeout)).flatten().err();
        let info = (&info, text.is_keyspace_cut());
        metrics.read_replies(&queries, &replies, info, &self.options)?;
        metrics.skipped.log(address);
        metrics.scrape.connect_time_seconds = connect_time.as_secs_f64();
        metrics.scrape.dropped_lines = text.dropped() + session.dropped();
        metrics.scrape.duration_seconds = started.elapsed().as_secs_f64();
        Ok(Scraped { metrics, error })
    }

    async fn run_rest(
        &self,
        session: &mut Session,
        queries: &[Query],
        replies: &mut Vec<Reply>,
        metrics: &mut RedisMetrics,
    ) -> Result<(), Error> {
        let mut commands = Commands::default();
        for query in queries {
            query.add_command(&self.options, &mut commands);
        }
        session.run(&commands, replies).await?;
        let is_sentinel_masters =
            |(query, _): &(&Query, _)| matches!(query, Query::SentinelMasters);
        let Some((_, masters)) = queries.iter().zip(&*replies).find(is_sentinel_masters) else {
            return Ok(());
        };
        let masters = Monitored::read(masters);
        let mut commands = Commands::default();
        masters.iter().for_each(|master| master.add_commands(&mut commands));
        let mut replies = Vec::new();
        let result = session.run(&commands, &mut replies).await;
        metrics.sentinel.read_masters(&masters, &replies, &mut metrics.skipped)?;
        result
    }

    /// Logs when scrapes of `--redis.addr` become partial, and when they are complete again.
    fn report_own(&self, scraped: &Scraped) {
        let is_partial = scraped.is_partial();
        match (self.is_partial.swap(is_partial, Ordering::Relaxed), is_partial) {
            (false, true) => {
                let (dropped_lines, error) = scraped.missing();
                warn!(dropped_lines, error, "Only a part of the server's metrics is exposed");
            }
            (true, false) => info!("All metrics of the server are exposed again"),
            _ => {}
        }
    }
}

impl Scraped {
    fn is_partial(&self) -> bool {
        self.error.is_some() || self.metrics.scrape.dropped_lines > 0
    }

    /// Returns how many lines were dropped, and why replies are missing.
    fn missing(&self) -> (u64, Option<DisplayValue<&Error>>) {
        (self.metrics.scrape.dropped_lines, self.error.as_ref().map(display))
    }
}

/// The servers of the configuration in force.
pub(crate) struct CurrentServers(pub(crate) Arc<Current<Servers>>);

/// Scrapes the server that a request names.
impl Probe for CurrentServers {
    type Metrics = RedisMetrics;
    type Error = Error;

    fn check_target(&self, target: &str) -> Result<(), TargetError> {
        let invalid = |error: CredentialsError| TargetError::Invalid(error.to_string());
        let (address, _) = Address::parse(target, &SCHEMES).map_err(invalid)?;
        if self.0.get().is_target(&address) {
            return Ok(());
        }
        Err(TargetError::NotAllowed("the configuration file does not list it".to_owned()))
    }

    async fn probe(&self, request: ProbeRequest) -> Result<Probed<RedisMetrics>, Error> {
        let address = Address::parse(request.target(), &SCHEMES);
        let (address, _) = address.map_err(|error| Error::Flag("the target", error))?;
        let scraped = self.0.get().scrape_at(&address).await?;
        if scraped.is_partial() {
            let (dropped_lines, error) = scraped.missing();
            debug!(target = request.target(), dropped_lines, error, "The metrics are incomplete");
        }
        Ok(Probed::success(scraped.metrics))
    }
}

/// Scrapes the server of `--redis.addr`.
impl Source for CurrentServers {
    type Metrics = RedisMetrics;
    type Error = Error;

    async fn scrape(&self) -> Result<RedisMetrics, Error> {
        let servers = self.0.get();
        let address = servers.own.as_ref().ok_or(Error::NoAddress)?;
        let scraped = servers.scrape_at(address).await?;
        servers.report_own(&scraped);
        Ok(scraped.metrics)
    }
}

/// Inserts the servers of `--redis.password-file`.
fn read_passwords(path: &Path, store: &mut CredentialStore) -> Result<(), Error> {
    const FLAG: &str = "--redis.password-file";

    store.read_file(path, &SCHEMES).map_err(|error| Error::Flag(FLAG, error))?;
    match store.iter().find(|(_, credentials)| lacks_password(credentials)) {
        Some((address, _)) => Err(Error::NoPassword(format!("{FLAG}: {address}"))),
        None => Ok(()),
    }
}

/// Inserts the server of `--redis.addr`, if it is set. Requires the servers of the files in
/// `store`, because a file may have the password of this server.
fn insert_own(flags: &Flags, store: &mut CredentialStore) -> Result<Option<Address>, Error> {
    const FLAGS: &str = "--redis.addr with --redis.user and --redis.password";

    let of_flags = Credentials::new(flags.user.as_deref(), flags.password.as_deref());
    if flags.addr.is_empty() {
        return if of_flags.is_empty() { Ok(None) } else { Err(Error::NoAddress) };
    }
    let own = Address::parse(&flags.addr, &SCHEMES);
    let (address, of_url) = own.map_err(|error| Error::Flag("--redis.addr", error))?;
    let own = of_url.merge(of_flags).map_err(|error| Error::Flag(FLAGS, error))?;
    let is_in_file = store.get(&address).is_some_and(|known| known.user() == own.user());
    if lacks_password(&own) && !is_in_file {
        return Err(Error::NoPassword(FLAGS.to_owned()));
    }
    store.insert(address.clone(), own).map_err(|error| Error::Flag(FLAGS, error))?;
    Ok(Some(address))
}

/// Returns whether there is a user without a password. Redis requires a password of every user, and
/// accepts any password of a user that is `nopass`.
pub(crate) fn lacks_password(credentials: &Credentials) -> bool {
    credentials.user().is_some() && credentials.password().is_none()
}
