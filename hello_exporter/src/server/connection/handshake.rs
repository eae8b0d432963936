//! The TLS handshake, and the response to a client that speaks HTTP instead.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_http::Protocol;
use actix_http::error::DispatchError;
use rustls::{ServerConfig, ServerConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, sink};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::debug;

use super::activity::DISCONNECT;
use super::service::{Accepted, Established};
use super::stream::{RecordingSocket, Transport};

/// Establishes a TLS connection within `limit`.
pub(super) async fn tls_handshake<T: Transport>(
    config: Option<Arc<ServerConfig>>,
    (stream, connection): Accepted<T>,
    limit: Duration,
) -> Result<Established<TlsStream<T>>, DispatchError> {
    let client = connection.client;
    connection.begin_handshake();
    match timeout(limit, accept(config, stream)).await.unwrap_or_else(|late| Err(late.into())) {
        Ok(stream) => {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let protocol = if is_http2 { Protocol::Http2 } else { Protocol::Http1 };
            connection.end_handshake(is_http2);
            Ok((RecordingSocket::new(stream, connection), protocol, client))
        }
        Err(error) => {
            let client = client.map(|address| address.to_string());
            debug!(client, %error, "TLS handshake failed");
            Err(DispatchError::Io(error))
        }
    }
}

/// Accepts a TLS connection, or refuses a client that speaks HTTP.
async fn accept<T: Transport>(
    config: Option<Arc<ServerConfig>>,
    mut stream: T,
) -> io::Result<TlsStream<T>> {
    let config = config.ok_or_else(|| io::Error::other("there is no TLS configuration"))?;
    let bytes = first_bytes(&mut stream).await?;
    if is_http(&bytes) {
        refuse_http(stream).await;
        return Err(invalid("client sent an HTTP request to an HTTPS server"));
    }
    let connection = begin(&config, &bytes, &mut stream).await?;
    TlsAcceptor::from(config).accept_with(stream, |new| *new = connection).await
}

/// Begins a TLS connection with the first bytes of a client. Sends an alert if they are invalid.
async fn begin(
    config: &Arc<ServerConfig>,
    mut bytes: &[u8],
    stream: &mut impl Transport,
) -> io::Result<ServerConnection> {
    let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    while !bytes.is_empty() {
        connection.read_tls(&mut bytes)?;
    }
    let Err(error) = connection.process_new_packets() else { return Ok(connection) };
    let mut alert = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut alert)?;
    }
    stream.write_all(&alert).await?;
    Err(invalid(error))
}

fn invalid(error: impl Into<Box<dyn Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Most bytes to read at first: the first flight of a client fits.
const FIRST: usize = 4 << 10;

/// Reads until the bytes are the beginning of an HTTP request, or cannot be.
async fn first_bytes(stream: &mut impl Transport) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(FIRST);
    while METHODS.iter().any(|method| method.len() > bytes.len() && method.starts_with(&bytes)) {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "tls handshake eof"));
        }
    }
    Ok(bytes)
}

/// The methods of RFC 9110 and RFC 5789. No TLS record begins like one of them.
const METHODS: [&[u8]; 9] = [
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"DELETE ",
    b"CONNECT ",
    b"OPTIONS ",
    b"TRACE ",
    b"PATCH ",
];

fn is_http(bytes: &[u8]) -> bool {
    METHODS.iter().any(|method| bytes.starts_with(method))
}

/// The response of Go's net/http.
const REFUSAL: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// Sends the response, and reads what the client still sends: a connection that is closed with
/// unread bytes is reset, and the client may not see the response then.
async fn refuse_http(mut stream: impl Transport) {
    let refusal = async {
        stream.write_all(REFUSAL).await?;
        stream.shutdown().await?;
        copy(&mut stream, &mut sink()).await
    };
    let _ = timeout(DISCONNECT, refusal).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_distinguished_from_tls() {
        for request in ["GET / HTTP/1.1\r\n", "HEAD /", "OPTIONS *", "PATCH /", "CONNECT a:1"] {
            assert!(is_http(request.as_bytes()), "{request}");
        }
        for other in
            ["", "G", "GET", "get /", "GETX /", "PRI * HTTP/2.0", "\x16\x03\x01", "SSH-2.0"]
        {
            assert!(!is_http(other.as_bytes()), "{other}");
        }
    }
}
