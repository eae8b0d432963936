//! The servers that are asked, and which of them is sent which password.

use std::time::Duration;

use combine::stream::Decoder;
use hello_exporter::client::{
    Address, Bounded, ClientTls, Connector, Login, Logins, Scheme, Stream,
};
use hello_exporter::probe::{Probe, ProbeRequest, Probed};
use hello_exporter::source::Source;
use redis::{Pipeline, RedisResult, Value, parse_redis_value_async};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::Flags;
use crate::error::Error;
use crate::metrics::RedisMetrics;
use crate::replies;

const SCHEMES: [Scheme; 4] = [
    Scheme::plain("redis", 6379),
    Scheme::tls("rediss", 6379),
    Scheme::plain("valkey", 6379),
    Scheme::tls("valkeys", 6379),
];

/// How servers are asked.
pub(crate) struct Servers {
    /// The one of `--redis.addr`.
    own: Option<Address>,
    connector: Connector,
    timeout: Duration,
}

impl Servers {
    pub(crate) fn new(flags: &Flags) -> Result<Self, Error> {
        if flags.connection_timeout.is_zero() {
            return Err(Error::NoTime);
        }
        let mut logins = Logins::new();
        if let Some(path) = &flags.password_file {
            let added = logins.add_file(path, &SCHEMES);
            added.map_err(|error| Error::Flag("--redis.password-file", error))?;
        }
        let own = add_own(flags, &mut logins)?;
        let (certificate, key) = (&flags.tls_client_cert_file, &flags.tls_client_key_file);
        let tls = ClientTls::new()
            .ca_file(flags.tls_ca_cert_file.clone())
            .certificate(certificate.clone(), key.clone())
            .insecure_skip_verify(flags.skip_tls_verification);
        Ok(Self { own, connector: tls.connector(logins)?, timeout: flags.connection_timeout })
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
        let connection = self.connector.connect(address).await?;
        let login = self.connector.login(address);
        let mut greeting = Pipeline::new();
        if let Some(login) = login {
            greeting.cmd("AUTH").arg(login.user()).arg(login.password());
        }
        let mut replies = ask(connection, replies::add_commands(greeting)).await?.into_iter();
        if login.is_some() && replies.next() != Some(Value::Okay) {
            return Err(Error::Login);
        }
        replies::read(replies)
    }
}

/// More than any server has to say at once.
const MOST_BYTES: usize = 1 << 20;

/// More elements than there can be in all replies: each ends a line.
const MOST_LINES: usize = 1 << 14;

/// Sends the commands, all at once, and reads as many replies; each can be an error.
async fn ask(mut connection: Box<dyn Stream>, commands: Pipeline) -> RedisResult<Vec<Value>> {
    connection.write_all(&commands.get_packed_pipeline()).await?;
    connection.flush().await?;
    let mut bytes = Bounded::new(connection, MOST_BYTES, MOST_LINES);
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
        let address = Address::parse(request.target(), &SCHEMES);
        let (address, _) = address.map_err(|error| Error::Flag("the target", error))?;
        Ok(Probed::success(self.scrape_at(&address).await?))
    }
}

/// Looks at the server of `--redis.addr`.
impl Source for Servers {
    type Metrics = RedisMetrics;
    type Error = Error;

    async fn scrape(&self) -> Result<RedisMetrics, Error> {
        self.scrape_at(self.own.as_ref().ok_or(Error::NoAddress)?).await
    }
}

/// Adds the server of `--redis.addr`, if there is one, behind those of the file: a password can be there.
fn add_own(flags: &Flags, logins: &mut Logins) -> Result<Option<Address>, Error> {
    let of_flags = Login::new(flags.user.as_deref(), flags.password.as_deref());
    if flags.addr.is_empty() {
        return if of_flags.is_empty() { Ok(None) } else { Err(Error::NoAddress) };
    }
    let own = Address::parse(&flags.addr, &SCHEMES);
    let (address, of_url) = own.map_err(|error| Error::Flag("--redis.addr", error))?;
    let added = of_url.and(of_flags).and_then(|login| logins.add(address.clone(), login));
    let flags = "--redis.addr with --redis.user and --redis.password";
    added.map_err(|error| Error::Flag(flags, error))?;
    Ok(Some(address))
}
