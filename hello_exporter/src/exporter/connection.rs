//! Connections over TCP and TLS.
//!
//! This is what actix-web's `HttpServer` does, on the same parts, because that one takes a TLS
//! configuration once and for all, and always offers HTTP/2 with it.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use actix_http::body::MessageBody;
use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::dev::{AppConfig, Server, fn_service};
use actix_web::rt::net::TcpStream;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{debug, info};

use super::signal;
use crate::http::WebConfig;

/// An exporter is scraped by few; its workers only shift bytes.
const WORKERS: usize = 2;

/// How long scrapes may go on after a signal.
const DRAIN_SECONDS: u64 = 10;

/// How long a client may take to agree on a TLS connection.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// How long a client may take to send the head of a request.
const REQUEST: Duration = Duration::from_secs(5);

/// How long a client may take to close its side of a connection.
const DISCONNECT: Duration = Duration::from_secs(1);

/// Answers until SIGTERM or SIGINT.
pub(super) async fn serve<F, A, S, B>(
    app: F,
    listeners: Vec<TcpListener>,
    web_config: Option<Arc<WebConfig>>,
) -> io::Result<()>
where
    F: Fn() -> A + Send + Clone + 'static,
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let mut server = Server::build()
        .workers(WORKERS)
        .shutdown_timeout(DRAIN_SECONDS)
        .shutdown_signal(signal::termination()?);
    for listener in listeners {
        let address = listener.local_addr()?;
        let app = app.clone();
        let draining = server.graceful_shutdown_signal();
        let draining = move || {
            let draining = draining.clone();
            async move { draining.notified().await }
        };
        info!(%address, "Listening on");
        let tls = web_config.clone().filter(|config| config.tls().is_some());
        server = if let Some(config) = tls {
            info!(http2 = config.is_http2(), %address, "TLS is enabled.");
            server.listen("https", listener, move || {
                let config = Arc::clone(&config);
                fn_service(move |stream| agree(config.tls(), stream))
                    .and_then(http(app(), draining.clone()))
            })?
        } else {
            info!(http2 = false, %address, "TLS is disabled.");
            server.listen("http", listener, move || {
                fn_service(plain).and_then(http(app(), draining.clone()))
            })?
        };
    }
    server.run().await
}

/// What there is to know of a connection before the first request.
type Connection<T> = (T, Protocol, Option<SocketAddr>);

/// A connection as it is.
async fn plain(stream: TcpStream) -> Result<Connection<TcpStream>, DispatchError> {
    let peer = stream.peer_addr().ok();
    Ok((stream, Protocol::Http1, peer))
}

/// A connection with the TLS configuration that is in force when it begins.
async fn agree(
    config: Option<Arc<ServerConfig>>,
    stream: TcpStream,
) -> Result<Connection<TlsStream<TcpStream>>, DispatchError> {
    let peer = stream.peer_addr().ok();
    match handshake(config, stream).await {
        Ok(stream) => {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let protocol = if is_http2 { Protocol::Http2 } else { Protocol::Http1 };
            Ok((stream, protocol, peer))
        }
        Err(error) => {
            let client = peer.map(|peer| peer.to_string());
            debug!(client, %error, "TLS handshake failed");
            Err(DispatchError::Io(error))
        }
    }
}

async fn handshake(
    config: Option<Arc<ServerConfig>>,
    stream: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let config = config.ok_or_else(|| io::Error::other("there is no TLS configuration"))?;
    let accept = TlsAcceptor::from(config).accept(stream);
    timeout(HANDSHAKE, accept).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Answers the requests of a connection.
fn http<T, A, S, B, D>(
    app: A,
    draining: impl Fn() -> D + 'static,
) -> impl ServiceFactory<Connection<T>, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
    D: Future<Output = ()> + 'static,
{
    let app = app.into_factory().map_err(|error| error.into().error_response());
    HttpService::build()
        .client_request_timeout(REQUEST)
        .client_disconnect_timeout(DISCONNECT)
        .graceful_shutdown_signal(draining)
        .finish(map_config(app, |()| AppConfig::default()))
}
