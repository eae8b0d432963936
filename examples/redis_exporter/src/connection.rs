//! A connection with a server, and what goes over it.

use std::io;
use std::sync::Arc;

use combine::stream::Decoder;
use redis::{ConnectionAddr, Pipeline, RedisResult, Value, parse_redis_value_async};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

/// More than any server has to say to one [`ask`]: what else comes is not kept.
const MOST_REPLY_BYTES: u64 = 2 << 20;

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(crate) type Connection = Box<dyn Stream>;

pub(crate) async fn connect(
    address: &ConnectionAddr,
    tls: &Arc<ClientConfig>,
) -> io::Result<Connection> {
    match address {
        ConnectionAddr::Tcp(host, port) => Ok(Box::new(tcp(host, *port).await?)),
        ConnectionAddr::TcpTls { host, port, .. } => {
            let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
            let connector = TlsConnector::from(Arc::clone(tls));
            Ok(Box::new(connector.connect(name, tcp(host, *port).await?).await?))
        }
        ConnectionAddr::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends the commands, all at once, and reads as many replies; one can be an error.
pub(crate) async fn ask(
    connection: &mut Connection,
    commands: &Pipeline,
) -> RedisResult<Vec<Value>> {
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
