//! The TLS handshake.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_http::Protocol;
use actix_http::error::DispatchError;
use rustls::ServerConfig;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::debug;

use super::serving::{Accepted, Agreed};
use super::stream::{Transport, Watched};

/// Makes a TLS connection of one that was accepted, with the configuration that is in force when it begins.
pub(super) async fn agree<T: Transport>(
    config: Option<Arc<ServerConfig>>,
    (stream, client): Accepted<T>,
    limit: Duration,
) -> Result<Agreed<TlsStream<T>>, DispatchError> {
    let address = client.address();
    client.begin_agreeing();
    match timeout(limit, handshake(config, stream)).await.unwrap_or_else(|late| Err(late.into())) {
        Ok(stream) => {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let protocol = if is_http2 { Protocol::Http2 } else { Protocol::Http1 };
            client.agree(is_http2);
            Ok((Watched::new(stream, client), protocol, address))
        }
        Err(error) => {
            let client = address.map(|address| address.to_string());
            debug!(client, %error, "TLS handshake failed");
            Err(DispatchError::Io(error))
        }
    }
}

async fn handshake<T: Transport>(
    config: Option<Arc<ServerConfig>>,
    stream: T,
) -> io::Result<TlsStream<T>> {
    let config = config.ok_or_else(|| io::Error::other("there is no TLS configuration"))?;
    TlsAcceptor::from(config).accept(stream).await
}
