//! Connections over TCP and TLS.
//!
//! This is what actix-web's `HttpServer` does, on the same parts, because that one takes a TLS
//! configuration once and for all, always offers HTTP/2 with it, and waits for a client that sends
//! or takes nothing. `serving` and `handshake` serve a connection, `table` has a place for it,
//! `stream` tells `client` what it does, `activity` knows for how long it may, and `supervise` ends
//! it.

mod activity;
mod client;
mod closer;
mod handshake;
mod held;
mod limits;
mod serving;
mod stream;
mod supervise;
mod table;

use std::rc::Rc;
use std::sync::Arc;
use std::{fmt, io};

use actix_http::body::MessageBody;
use actix_http::{Request, Response};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, map_config,
};
use actix_web::HttpResponse;
use actix_web::dev::{AppConfig, Server};
use tracing::info;

use crate::server::exporter::Listener;
use crate::server::web_config::WebConfig;
use client::{Client, Exchange};
pub(crate) use closer::Closer;
pub(crate) use held::Held;
pub use limits::ConnectionLimits;
use serving::Serving;
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
pub(crate) async fn serve<F, A, S, B>(
    app: F,
    listeners: Vec<Listener>,
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
        let address = listener.address()?;
        let (app, draining) = (app.clone(), server.graceful_shutdown_signal());
        let draining = move || {
            let draining = draining.clone();
            async move { draining.notified().await }
        };
        let tls = web_config.clone().filter(|config| config.tls().is_some());
        log_listening(&address, tls.as_deref());
        let app = move || application(app());
        let serving = Serving { app, limits, table: Arc::clone(&table), draining };
        server = match (listener, tls) {
            (Listener::Tcp(socket), None) => server.listen("http", socket, move || serving.plain()),
            (Listener::Tcp(socket), Some(config)) => {
                server.listen("https", socket, move || serving.tls(&config))
            }
            #[cfg(unix)]
            (Listener::Unix(socket), None) => {
                server.listen_uds("http", socket, move || serving.plain())
            }
            #[cfg(unix)]
            (Listener::Unix(socket), Some(config)) => {
                server.listen_uds("https", socket, move || serving.tls(&config))
            }
        }?;
    }
    server.run().await
}

/// Logs in the words of exporter-toolkit.
fn log_listening(address: &str, tls: Option<&WebConfig>) {
    info!(%address, "Listening on");
    let http2 = tls.is_some_and(WebConfig::is_http2);
    info!(http2, %address, "TLS is {}.", if tls.is_some() { "enabled" } else { "disabled" });
}

/// Returns the response to a request whose connection is over.
fn gone() -> HttpResponse {
    HttpResponse::ServiceUnavailable().finish()
}

/// Returns what answers requests.
fn application<A, S, B>(
    app: A,
) -> impl ServiceFactory<
    Request,
    Config = (),
    Response = Response<Held<B, Option<Exchange>>>,
    Error = HttpResponse,
    InitError = (),
>
where
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let app = app.into_factory().map_err(|error| error.into().error_response());
    let app = map_config(app, |()| AppConfig::default()).map_init_err(|_| ());
    // A request begins when it comes here, and ends when its answer is sent.
    apply_fn_factory(app, |request: Request, app| {
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
    })
}
