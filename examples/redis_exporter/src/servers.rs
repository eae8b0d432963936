//! The servers that are asked, and which of them is sent which password.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hello_exporter::probe::{Probe, ProbeRequest, Probed};
use hello_exporter::{ClientTls, ClientTlsError, source::Source};
use redis::{
    ConnectionAddr, IntoConnectionInfo, Pipeline, RedisConnectionInfo, RedisError, RedisResult,
    Value,
};
use rustls::ClientConfig;
use tokio::time::timeout;

use crate::Flags;
use crate::connection::{Connection, ask, connect};
use crate::metrics::RedisMetrics;
use crate::replies::{self, ReplyError};

/// What cannot be understood of flags and files. It shows no password, and no URL, which can have one in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FlagError {
    #[error("--redis.addr is not the URL of a server, such as redis://localhost:6379")]
    Address,
    #[error("cannot open --redis.password-file")]
    PasswordFile(#[source] io::Error),
    #[error("--redis.password-file is not a JSON object from URLs to passwords")]
    Passwords,
    #[error(
        "a key of --redis.password-file is not the URL of a server, such as redis://localhost:6379"
    )]
    PasswordOf,
    #[error("--redis.password-file has two passwords for {0}")]
    PasswordTwice(ConnectionAddr),
    #[error(transparent)]
    Tls(#[from] ClientTlsError),
}

/// Why a server has no metrics.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScrapeError {
    #[error("the target is not the address of a server, such as redis://localhost:6379")]
    Target,
    #[error("cannot connect")]
    Connect(#[from] io::Error),
    #[error("the user or the password is wrong")]
    Login,
    #[error("the connection was lost")]
    Lost(#[source] RedisError),
    #[error("no answer within {0:?}")]
    Late(Duration),
    #[error(transparent)]
    Reply(#[from] ReplyError),
}

impl From<RedisError> for ScrapeError {
    /// What was received is not told: it can be what was sent, a password.
    fn from(error: RedisError) -> Self {
        if error.is_io_error() { Self::Lost(error) } else { ReplyError::NotRedis.into() }
    }
}

/// A user, or the default one, and its password.
#[derive(Clone)]
struct Login {
    user: Option<String>,
    password: String,
}

/// What the flags say of all servers.
pub(crate) struct Servers {
    logins: Vec<(ConnectionAddr, Login)>,
    asking: Arc<Asking>,
}

struct Asking {
    commands: Pipeline,
    with_settings: bool,
    tls: Arc<ClientConfig>,
    timeout: Duration,
}

impl Servers {
    pub(crate) fn new(flags: &Flags) -> Result<Self, FlagError> {
        let tls = ClientTls {
            ca_file: flags.tls_ca_cert_file.clone(),
            cert_file: flags.tls_client_cert_file.clone(),
            key_file: flags.tls_client_key_file.clone(),
            insecure_skip_verify: flags.skip_tls_verification,
        };
        let with_histograms = !flags.exclude_latency_histogram_metrics;
        let asking = Asking {
            commands: replies::commands(&flags.config_command, with_histograms),
            with_settings: flags.include_config_metrics,
            tls: tls.config()?,
            timeout: flags.connection_timeout,
        };
        Ok(Self { logins: logins(flags)?, asking: Arc::new(asking) })
    }

    /// The server of `--redis.addr`, if there is one.
    pub(crate) fn own(flags: &Flags) -> Result<Option<Server>, FlagError> {
        let servers = Self::new(flags)?;
        let own = own_address(flags)?;
        Ok(own.map(|(address, _)| servers.server(address)))
    }

    fn server(&self, address: ConnectionAddr) -> Server {
        let login = self.logins.iter().find(|(of, _)| *of == address);
        let login = login.map(|(_, login)| login.clone());
        Server { address, login, asking: Arc::clone(&self.asking), kept: Mutex::new(None) }
    }
}

/// Looks at the server that a request names.
impl Probe for Servers {
    type Metrics = RedisMetrics;
    type Error = ScrapeError;

    async fn probe(&self, request: ProbeRequest) -> Result<Probed<RedisMetrics>, ScrapeError> {
        match parse(request.target()) {
            // A socket of this machine is not for whoever asks.
            Err(_) | Ok((ConnectionAddr::Unix(_), _)) => Err(ScrapeError::Target),
            Ok((address, _)) => Ok(Probed::success(self.server(address).scrape().await?)),
        }
    }
}

/// The logins that are configured, each for one address.
fn logins(flags: &Flags) -> Result<Vec<(ConnectionAddr, Login)>, FlagError> {
    let own = own_address(flags)?;
    let is_own = |address: &ConnectionAddr| own.as_ref().is_some_and(|(own, _)| own == address);
    let mut logins = Vec::new();
    for (url, password) in passwords(flags)? {
        let (address, settings) = parse(&url).map_err(|_| FlagError::PasswordOf)?;
        if logins.iter().any(|(other, _)| *other == address) {
            return Err(FlagError::PasswordTwice(address));
        }
        let user = settings.username().map(str::to_owned);
        let user = user.or_else(|| filled(&flags.user).filter(|_| is_own(&address)));
        logins.push((address, Login { user, password }));
    }
    if let Some((address, settings)) = &own {
        let user = filled(&flags.user).or_else(|| settings.username().map(str::to_owned));
        let password = filled(&flags.password).or_else(|| settings.password().map(str::to_owned));
        let login = password.map(|password| (address.clone(), Login { user, password }));
        logins.splice(..0, login);
    }
    Ok(logins)
}

/// Those of the password file, by URL.
fn passwords(flags: &Flags) -> Result<BTreeMap<String, String>, FlagError> {
    let Some(path) = &flags.password_file else { return Ok(BTreeMap::new()) };
    let file = File::open(path).map_err(FlagError::PasswordFile)?;
    serde_json::from_reader(file).map_err(|_| FlagError::Passwords)
}

fn filled(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

fn own_address(flags: &Flags) -> Result<Option<(ConnectionAddr, RedisConnectionInfo)>, FlagError> {
    let own = Some(&*flags.addr).filter(|url| !url.is_empty()).map(parse);
    own.transpose().map_err(|_| FlagError::Address)
}

/// Where a server is, in the form in which addresses are compared, and what its URL says beside. That TLS is to be
/// insecure a flag can say, and no URL.
fn parse(url: &str) -> RedisResult<(ConnectionAddr, RedisConnectionInfo)> {
    let url = if url.contains("://") { url.to_owned() } else { format!("redis://{url}") };
    let info = url.into_connection_info()?;
    let address = match info.addr().clone() {
        ConnectionAddr::Tcp(host, port) => ConnectionAddr::Tcp(host.to_ascii_lowercase(), port),
        ConnectionAddr::TcpTls { host, port, .. } => {
            let host = host.to_ascii_lowercase();
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        }
        other => other,
    };
    Ok((address, info.redis_settings().clone()))
}

/// A server, and how it is asked.
pub(crate) struct Server {
    address: ConnectionAddr,
    login: Option<Login>,
    asking: Arc<Asking>,
    /// The connection of the last scrape.
    kept: Mutex<Option<Connection>>,
}

impl Source for Server {
    type Metrics = RedisMetrics;
    type Error = ScrapeError;

    async fn scrape(&self) -> Result<RedisMetrics, ScrapeError> {
        let within = self.asking.timeout;
        timeout(within, self.ask()).await.map_err(|_| ScrapeError::Late(within))?
    }
}

impl Server {
    async fn ask(&self) -> Result<RedisMetrics, ScrapeError> {
        let commands = &self.asking.commands;
        let mut replies = None;
        // That a server has closed a connection, or was started anew, shows when it is used again.
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut connection) = kept {
            replies =
                ask(&mut connection, commands).await.ok().map(|replies| (connection, replies));
        }
        let (connection, replies) = match replies {
            Some(answered) => answered,
            None => {
                let mut connection = self.connect().await?;
                let replies = ask(&mut connection, commands).await?;
                (connection, replies)
            }
        };
        let metrics = replies::read(replies, self.asking.with_settings)?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        Ok(metrics)
    }

    async fn connect(&self) -> Result<Connection, ScrapeError> {
        let mut connection = connect(&self.address, &self.asking.tls).await?;
        let mut greeting = Pipeline::new();
        if let Some(Login { user, password }) = &self.login {
            greeting.cmd("AUTH").arg(user).arg(password);
        }
        greeting.cmd("CLIENT").arg("SETNAME").arg("redis_exporter");
        let replies = ask(&mut connection, &greeting).await?;
        match (&self.login, replies.first()) {
            (Some(_), Some(Value::Okay)) | (None, _) => Ok(connection),
            (Some(_), _) => Err(ScrapeError::Login),
        }
    }
}
