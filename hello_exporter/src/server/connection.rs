//! Connections over TCP and TLS.
//!
//! This module does the work of actix-web's `HttpServer`, with the same parts, because `HttpServer`
//! takes a TLS configuration once and for all, always offers HTTP/2 with it, and waits for stalled
//! clients.
//!
//! `listener` has the sockets, `service` serves their connections, after a `handshake` if they use
//! TLS, and `application` runs the requests. `admission` gives each connection one of the `slots`,
//! `stream` records its reads and writes in its `state`, `activity` knows its time limits, and
//! `supervise` ends it.

mod activity;
mod admission;
mod application;
mod guarded_body;
mod handle;
mod handshake;
mod limits;
mod listener;
mod service;
pub(crate) mod slots;
#[cfg(unix)]
mod socket_file;
mod state;
mod stream;
mod supervise;

use std::io;
use std::sync::Arc;

use actix_service::boxed::BoxFuture;
use actix_web::dev::Server;
use tracing::info;

use crate::server::web_config::WebConfig;
use admission::Admission;
pub(crate) use application::{Application, application};
pub(crate) use guarded_body::GuardedBody;
pub(crate) use handle::ConnectionHandle;
pub use limits::ConnectionLimits;
pub(crate) use listener::Listener;
use listener::Listener::Tcp;
#[cfg(unix)]
use listener::Listener::Unix;
use service::ListenerService;
#[cfg(unix)]
pub(crate) use socket_file::SocketFile;

/// Few clients scrape an exporter, and its workers only move bytes and encode small scrapes.
const WORKERS: usize = 2;

/// Threads of each worker that encode other responses and verify passwords. actix-server would
/// divide its default by the number of processors: collectors that hang in a few scrapes would then
/// hold all threads, and nobody could log in.
const BLOCKING_THREADS: usize = 256;

/// How long scrapes may go on after a signal.
const DRAIN_SECONDS: u64 = 10;

/// Serves requests until `end` is ready. Then waits for the requests under way, for at most
/// [`DRAIN_SECONDS`].
pub(crate) async fn serve(
    application: impl Fn() -> Application + Send + Sync + 'static,
    listeners: Vec<Listener>,
    web_config: Option<Arc<WebConfig>>,
    limits: ConnectionLimits,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let limits = limits.within_open_files();
    let mut server = Server::build()
        .workers(WORKERS)
        .worker_max_blocking_threads(BLOCKING_THREADS)
        // An evicted connection takes a moment to close. More come meanwhile.
        .max_concurrent_connections((limits.connections + limits.connections / 8).div_ceil(WORKERS))
        .shutdown_timeout(DRAIN_SECONDS)
        .shutdown_signal(end);
    let signal = server.graceful_shutdown_signal();
    let draining = move || -> BoxFuture<()> {
        let signal = signal.clone();
        Box::pin(async move { signal.notified().await })
    };
    let service = ListenerService {
        application: Arc::new(application),
        limits,
        admission: Admission::new(limits.connections),
        draining: Arc::new(draining),
    };
    let tls = web_config.filter(|config| config.tls().is_some());
    for listener in listeners {
        log_listening(&listener.address()?, tls.as_deref());
        let service = service.clone();
        server = match (listener, tls.clone()) {
            (Tcp(socket), None) => server.listen("http", socket, move || service.plain()),
            (Tcp(socket), Some(tls)) => server.listen("https", socket, move || service.tls(&tls)),
            #[cfg(unix)]
            (Unix(socket), None) => server.listen_uds("http", socket, move || service.plain()),
            #[cfg(unix)]
            (Unix(socket), Some(tls)) => {
                server.listen_uds("https", socket, move || service.tls(&tls))
            }
        }?;
    }
    server.run().await
}

/// Logs an address in the words of exporter-toolkit.
fn log_listening(address: &str, tls: Option<&WebConfig>) {
    info!(%address, "Listening on");
    let http2 = tls.is_some_and(WebConfig::is_http2);
    info!(http2, %address, "TLS is {}.", if tls.is_some() { "enabled" } else { "disabled" });
}
