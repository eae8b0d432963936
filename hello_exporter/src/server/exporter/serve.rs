//! Serves an assembled exporter until a signal ends it.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::{App, web};
use clap::Args;
use futures_util::future::{Either, select};
use tokio::sync::oneshot;
use tracing::{info, warn};

use super::assembly::Assembly;
use super::command::Parsed;
use super::services::{ConfigReload, Services};
use super::signal::{Signals, Termination, reload_on_hangup};
use super::{Exporter, ExporterError, Settings};
use crate::server::cli::{Flags, ListenAddress};
use crate::server::config::ReloadableConfig;
use crate::server::connection::{self, ConnectionLimits, Listener, application};
use crate::server::http::{access_log, not_found};
use crate::server::web_config::{WebConfig, guard};

impl<F: Args + 'static, S: Send + Sync + 'static> Exporter<F, S> {
    /// Serves until SIGTERM or SIGINT, or until `stopped` has no sender any more.
    pub(super) async fn serve_parsed(
        self,
        mut assembly: Assembly,
        parsed: Parsed<F>,
        stopped: oneshot::Receiver<()>,
    ) -> Result<(), ExporterError> {
        let flags = &parsed.flags;
        let load = |file| WebConfig::load(file, Arc::clone(&assembly.web_config));
        let web_config = flags.web_config_file().map(load).transpose()?;
        let listeners = listeners(flags)?;
        #[cfg(unix)]
        let _socket_files = socket_files(flags);
        let Settings { name, build_info, connection_limits, .. } = &self.settings;
        info!(version = build_info.version(), "Starting {name}");
        let start = |config| start_reloads(config, parsed.is_lifecycle_enabled);
        let reload = assembly.config.take().map(start).transpose().map_err(ExporterError::Serve)?;
        let services = Services::new(&self.settings, assembly, flags, reload);
        let served = serve(services, listeners, web_config, *connection_limits, stopped).await;
        let Some(signal) = served.map_err(ExporterError::Serve)? else {
            info!("Stopped");
            return Ok(());
        };
        warn!(%signal, "Stopped by a second signal, before all requests were answered");
        Err(ExporterError::Interrupted { signal: signal.name(), number: signal.number() })
    }
}

/// Starts to reload the configuration when its file changes, on SIGHUP and, if
/// `is_lifecycle_enabled`, on requests to the endpoint.
fn start_reloads(config: ReloadableConfig, is_lifecycle_enabled: bool) -> io::Result<ConfigReload> {
    let metrics = Arc::clone(&config.metrics);
    let reloader = config.start()?;
    reload_on_hangup(reloader.clone())?;
    Ok(ConfigReload { reloader, is_lifecycle_enabled, metrics })
}

/// Returns the socket files that this process has made. They are removed when they are dropped.
#[cfg(unix)]
fn socket_files(flags: &Flags) -> Vec<connection::SocketFile> {
    let addresses = flags.listen_addresses.iter().filter(|_| !flags.systemd_socket);
    let paths = addresses.filter_map(ListenAddress::path);
    paths.filter_map(|path| connection::SocketFile::of(path).ok()).collect()
}

/// Returns the sockets that systemd passes, or opens those of the flags.
fn listeners(flags: &Flags) -> Result<Vec<Listener>, ExporterError> {
    if flags.systemd_socket {
        let sockets = Listener::activated().map_err(ExporterError::Socket)?;
        return if sockets.is_empty() { Err(ExporterError::NoSocket) } else { Ok(sockets) };
    }
    let bind = |address: &ListenAddress| {
        let error = |error| ExporterError::Listen { address: address.clone(), error };
        address.bind().map_err(error)
    };
    flags.listen_addresses.iter().map(bind).collect()
}

/// Serves until a signal. Returns a second one, if it came while requests were still under way.
async fn serve(
    services: Services,
    listeners: Vec<Listener>,
    web_config: Option<Arc<WebConfig>>,
    limits: ConnectionLimits,
    stopped: oneshot::Receiver<()>,
) -> io::Result<Option<Termination>> {
    let guarded = web_config.clone();
    let app = move || {
        let (services, guarded) = (services.clone(), guarded.clone());
        let app = App::new()
            .wrap(from_fn(move |request, next| guard(guarded.clone(), request, next)))
            // The outermost: it logs refusals as well.
            .wrap(from_fn(access_log))
            .configure(|config| services.register(config))
            .default_service(web::to(not_found));
        application(app)
    };
    let mut signals = Signals::handle()?;
    let (drain, draining) = oneshot::channel::<()>();
    let draining = async { _ = draining.await };
    let serving = connection::serve(app, listeners, web_config, limits, draining);
    let second_signal = async {
        let first = match select(stopped, pin!(signals.next())).await {
            Either::Right((signal, _)) => Some(signal),
            Either::Left(_) => None,
        };
        let _ = drain.send(());
        // If the drain began without a signal, the next one is the first.
        let signal = match first {
            Some(signal) => signal,
            None => signals.next().await,
        };
        info!(%signal, "Draining");
        signals.next().await
    };
    match select(pin!(serving), pin!(second_signal)).await {
        Either::Left((served, _)) => served.map(|()| None),
        Either::Right((signal, _)) => Ok(Some(signal)),
    }
}
