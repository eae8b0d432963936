//! The servers that are asked, and which of them is sent which password.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind::InvalidData;
use std::sync::Arc;
use std::time::Duration;

use combine::stream::Decoder;
use hello_exporter::client::{ClientTls, Stream, connect};
use hello_exporter::probe::{Probe, ProbeRequest, Probed};
use hello_exporter::source::Source;
use redis::{
    ConnectionAddr, IntoConnectionInfo, Pipeline, RedisConnectionInfo, RedisResult, Value,
    parse_redis_value_async,
};
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::Flags;
use crate::error::Error;
use crate::metrics::RedisMetrics;
use crate::replies;

/// Where a server is, in the form in which addresses are compared: host, port, and whether it speaks TLS.
type Address = (String, u16, bool);

/// A server, and as whom to ask it.
type Login = (Address, RedisConnectionInfo);

/// How servers are asked.
pub(crate) struct Servers {
    /// The one of `--redis.addr`.
    own: Option<Address>,
    /// Those that are sent a password.
    logins: Vec<Login>,
    tls: Arc<ClientConfig>,
    timeout: Duration,
}

impl Servers {
    pub(crate) fn new(flags: &Flags) -> Result<Self, Error> {
        let tls = ClientTls {
            ca_file: flags.tls_ca_cert_file.clone(),
            cert_file: flags.tls_client_cert_file.clone(),
            key_file: flags.tls_client_key_file.clone(),
            insecure_skip_verify: flags.skip_tls_verification,
        };
        let own = Some(&*flags.addr).filter(|url| !url.is_empty());
        let own = own.map(|url| parse("--redis.addr", url)).transpose()?;
        Ok(Self {
            own: own.as_ref().map(|(address, _)| address.clone()),
            logins: logins(flags, own)?,
            tls: tls.config()?,
            timeout: flags.connection_timeout,
        })
    }

    /// Nothing where `--redis.addr` is empty.
    pub(crate) fn with_own(flags: &Flags) -> Result<Option<Self>, Error> {
        Self::new(flags).map(|servers| servers.own.is_some().then_some(servers))
    }

    async fn scrape_at(&self, address: &Address) -> Result<RedisMetrics, Error> {
        let metrics = timeout(self.timeout, self.ask(address));
        metrics.await.map_err(|_| Error::Late(self.timeout))?
    }

    async fn ask(&self, address: &Address) -> Result<RedisMetrics, Error> {
        let (host, port, is_tls) = address;
        let connection = connect(host, *port, is_tls.then_some(&self.tls)).await?;
        let login = self.logins.iter().find(|(of, _)| of == address).map(|(_, login)| login);
        let mut greeting = Pipeline::new();
        if let Some(login) = login {
            greeting.cmd("AUTH").arg(login.username()).arg(login.password());
        }
        let mut replies = ask(connection, replies::add_commands(greeting)).await?.into_iter();
        if login.is_some() && replies.next() != Some(Value::Okay) {
            return Err(Error::Login);
        }
        replies::read(replies)
    }
}

/// More than any server has to say at once: what else comes is not kept.
const MOST_REPLY_BYTES: u64 = 2 << 20;

/// Sends the commands, all at once, and reads as many replies; each can be an error.
async fn ask(mut connection: Box<dyn Stream>, commands: Pipeline) -> RedisResult<Vec<Value>> {
    connection.write_all(&commands.get_packed_pipeline()).await?;
    connection.flush().await?;
    let mut bytes = connection.take(MOST_REPLY_BYTES);
    let mut decoder = Decoder::new();
    let mut replies = Vec::new();
    while replies.len() < commands.len() {
        replies.push(parse_redis_value_async(&mut decoder, &mut bytes).await?);
    }
    Ok(replies)
}

/// Looks at the server that a request names.
impl Probe for Servers {
    type Metrics = RedisMetrics;
    type Error = Error;

    async fn probe(&self, request: ProbeRequest) -> Result<Probed<RedisMetrics>, Error> {
        let (address, _) = parse("the target", request.target())?;
        Ok(Probed::success(self.scrape_at(&address).await?))
    }
}

/// Looks at the server of `--redis.addr`.
impl Source for Servers {
    type Metrics = RedisMetrics;
    type Error = Error;

    async fn scrape(&self) -> Result<RedisMetrics, Error> {
        self.scrape_at(self.own.as_ref().ok_or(Error::Address("--redis.addr"))?).await
    }
}

/// The passwords that are configured, each for one address.
fn logins(flags: &Flags, own: Option<Login>) -> Result<Vec<Login>, Error> {
    let mut logins = Vec::new();
    if let Some((address, of_url)) = own {
        let login = filled(&flags.user).map_or(of_url.clone(), |user| of_url.set_username(user));
        let login = filled(&flags.password).map_or(login.clone(), |it| login.set_password(it));
        logins.extend(login.password().is_some().then_some((address, login)));
    }
    if let Some(path) = &flags.password_file {
        let file = File::open(path).map_err(Error::PasswordFile)?;
        let of_file = serde_json::from_reader::<_, BTreeMap<String, String>>(file);
        // What is wrong with it would be told with what is in it.
        for (url, password) in of_file.map_err(|_| Error::PasswordFile(InvalidData.into()))? {
            let (address, login) = parse("a key of --redis.password-file", &url)?;
            logins.push((address, login.set_password(password)));
        }
    }
    Ok(logins)
}

fn filled(text: &Option<String>) -> Option<&String> {
    text.as_ref().filter(|text| !text.is_empty())
}

/// Where a server is, and as whom to ask it. That TLS is to be insecure a flag can say, and no URL; what `what` is
/// called is told where it is no URL.
fn parse(what: &'static str, url: &str) -> Result<Login, Error> {
    let url = if url.contains("://") { url.to_owned() } else { format!("redis://{url}") };
    let info = url.into_connection_info().map_err(|_| Error::Address(what))?;
    let (host, port, is_tls) = match info.addr() {
        ConnectionAddr::Tcp(host, port) => (host, *port, false),
        ConnectionAddr::TcpTls { host, port, .. } => (host, *port, true),
        _ => return Err(Error::Address(what)),
    };
    Ok(((host.to_ascii_lowercase(), port, is_tls), info.redis_settings().clone()))
}
