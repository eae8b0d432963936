//! Connections over TCP and TLS.
//!
//! This is what actix-web's `HttpServer` does, on the same parts, because that one takes a TLS
//! configuration once and for all, always offers HTTP/2 with it, and waits for a client that sends or takes
//! nothing. `table` has a place for each connection, `stream` tells `client` what it does, `activity` knows for
//! how long it may, and `supervise` ends it.

mod activity;
mod client;
mod limits;
mod stream;
mod supervise;
mod table;

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use actix_http::body::MessageBody;
use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Protocol, Request, Response};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, map_config,
};
use actix_web::HttpResponse;
use actix_web::dev::{AppConfig, Server, fn_service};
use actix_web::rt::net::TcpStream;
use rustls::ServerConfig;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{debug, info};

use crate::http::{Held, WebConfig};
use activity::DISCONNECT;
use client::{Client, Exchange};
pub use limits::ConnectionLimits;
use stream::{Socket, Watched};
use supervise::supervise;
use table::Table;

/// An exporter is scraped by few; its workers only shift bytes.
const WORKERS: usize = 2;

/// Threads of each worker that encode responses and verify passwords. The server's own number gets
/// smaller the more processors there are, since it takes them for the number of workers: collectors
/// that hang in a few scrapes would then hold all threads, and nobody could log in.
const BLOCKING_THREADS: usize = 256;

/// How long scrapes may go on after a signal.
const DRAIN_SECONDS: u64 = 10;

/// Answers until `end` is ready, and then for as long as requests are under way.
pub(super) async fn serve<F, A, S, B>(
    app: F,
    listeners: Vec<TcpListener>,
    web_config: Option<Arc<WebConfig>>,
    limits: ConnectionLimits,
    end: impl Future<Output = ()> + Send + 'static,
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
    let limits = limits.within_open_files();
    let table = Table::new(limits.connections);
    let mut server = Server::build()
        .workers(WORKERS)
        .worker_max_blocking_threads(BLOCKING_THREADS)
        // The table closes a connection for each one too many. That takes a moment, in which more come.
        .max_concurrent_connections((limits.connections + limits.connections / 8).div_ceil(WORKERS))
        .shutdown_timeout(DRAIN_SECONDS)
        .shutdown_signal(end);
    for listener in listeners {
        let address = listener.local_addr()?;
        let app = app.clone();
        let table = Arc::clone(&table);
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
                let agree = fn_service(move |accepted| agree(config.tls(), accepted, limits.head));
                let http = agree.and_then(http(app(), limits, draining.clone()));
                supervised(http, Arc::clone(&table), limits, draining.clone())
            })?
        } else {
            info!(http2 = false, %address, "TLS is disabled.");
            server.listen("http", listener, move || {
                let http = fn_service(plain).and_then(http(app(), limits, draining.clone()));
                supervised(http, Arc::clone(&table), limits, draining.clone())
            })?
        };
    }
    server.run().await
}

/// A connection as it was accepted.
type Accepted = (TcpStream, Rc<Client>);

/// A connection that can be used.
type Agreed<T> = (Watched<T>, Protocol, Option<SocketAddr>);

/// Gives every connection that is accepted a place, and has an eye on it.
fn supervised<S, D>(
    serve: S,
    table: Arc<Table>,
    limits: ConnectionLimits,
    draining: impl Fn() -> D + Clone + 'static,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    S: ServiceFactory<Accepted, Config = (), Response = (), Error = DispatchError, InitError = ()>
        + 'static,
    <S::Service as Service<Accepted>>::Future: 'static,
    D: Future<Output = ()> + 'static,
{
    apply_fn_factory(serve, move |stream: TcpStream, serve: &S::Service| {
        let address = stream.peer_addr().ok();
        let client = Rc::new(Client::new(address, limits));
        let serving = serve.call((stream, Rc::clone(&client)));
        let (table, draining) = (Arc::clone(&table), draining());
        async move {
            match table.admitted(client.closer()).await {
                Some(place) => {
                    client.take(place);
                    supervise(serving, &client, draining).await
                }
                None => {
                    let client = address.map(|address| address.to_string());
                    debug!(client, "Refusing a connection: all others have requests under way");
                    Ok(())
                }
            }
        }
    })
}

/// A connection as it is.
async fn plain((stream, client): Accepted) -> Result<Agreed<TcpStream>, DispatchError> {
    let address = client.address();
    Ok((Watched::new(stream, client), Protocol::Http1, address))
}

/// A connection with the TLS configuration that is in force when it begins.
async fn agree(
    config: Option<Arc<ServerConfig>>,
    (stream, client): Accepted,
    limit: Duration,
) -> Result<Agreed<TlsStream<TcpStream>>, DispatchError> {
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

async fn handshake(
    config: Option<Arc<ServerConfig>>,
    stream: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let config = config.ok_or_else(|| io::Error::other("there is no TLS configuration"))?;
    TlsAcceptor::from(config).accept(stream).await
}

/// Returns the response to a request whose connection is over.
fn gone() -> HttpResponse {
    HttpResponse::ServiceUnavailable().finish()
}

/// Answers the requests of a connection.
fn http<T, A, S, B, D>(
    app: A,
    limits: ConnectionLimits,
    draining: impl Fn() -> D + 'static,
) -> impl ServiceFactory<Agreed<T>, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    T: Socket,
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
    let app = map_config(app, |()| AppConfig::default());
    // A request begins when it comes here, and ends when its answer is sent.
    let app = apply_fn_factory(app, |request: Request, app| {
        let exchange = request.conn_data::<Rc<Client>>().map(Exchange::begin);
        let answering = app.call(request);
        async move {
            let response = match &exchange {
                // Nobody is there to be told why.
                Some(exchange) => exchange.run(answering).await.unwrap_or_else(|| Err(gone()))?,
                None => answering.await?,
            };
            let response: Response<B> = response.into();
            let exchange = exchange.map(Exchange::answered);
            Ok::<_, HttpResponse>(response.map_body(|_, body| Held::new(body, exchange)))
        }
    });
    HttpService::build()
        // The rest is done for all requests and both protocols alike; this one knows how to say 408.
        .client_request_timeout(limits.head)
        .client_disconnect_timeout(DISCONNECT)
        .keep_alive(KeepAlive::Os)
        .graceful_shutdown_signal(draining)
        .on_connect_ext(|stream: &Watched<T>, data| {
            data.insert(Rc::clone(stream.client()));
            data.insert(stream.client().closer().clone());
        })
        .finish(app)
}
