//! The HTTP server.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web::ServiceConfig;
use actix_web::{App, web};
use clap::Args;
use futures_util::future::{Either, select};
use tokio::sync::oneshot;
use tracing::{info, warn};

use super::assembly::Assembly;
use super::listener::Listener;
use super::signal::{Signals, Termination};
use super::{Exporter, ExporterError, Settings};
use crate::server::cli::Flags;
use crate::server::connection;
use crate::server::http::{
    Deadline, Landing, Metrics, ProbeService, access_log, healthy, not_found, ready,
};
use crate::server::web_config::{WebConfig, guard};

impl<F: Args + 'static, S: Send + Sync + 'static> Exporter<F, S> {
    /// Serves until SIGTERM or SIGINT, or until `stopped` has no sender any more.
    pub(super) async fn serve_parsed(
        self,
        assembly: Assembly,
        flags: Flags,
        stopped: oneshot::Receiver<()>,
    ) -> Result<(), ExporterError> {
        let web_config = flags.web_config_file().map(WebConfig::load).transpose()?;
        let listeners = match flags.systemd_socket {
            true => Listener::activated()?,
            false => {
                let addresses = flags.listen_addresses.iter();
                addresses.map(Listener::bind).collect::<Result<_, _>>()?
            }
        };
        let Settings { name, build_info, .. } = &self.settings;
        info!(version = build_info.version(), "Starting {name}");
        let served = self.serve_on(listeners, assembly, &flags, web_config, stopped).await;
        let Some(signal) = served.map_err(ExporterError::Serve)? else {
            info!("Stopped");
            return Ok(());
        };
        warn!(%signal, "Stopped by a second signal, before all requests were answered");
        Err(ExporterError::Interrupted { signal: signal.name(), number: signal.number() })
    }

    /// Serves until a signal. Returns a second one, if it came while requests were still under way.
    async fn serve_on(
        &self,
        listeners: Vec<Listener>,
        assembly: Assembly,
        flags: &Flags,
        web_config: Option<Arc<WebConfig>>,
        stopped: oneshot::Receiver<()>,
    ) -> io::Result<Option<Termination>> {
        let services = self.services(assembly, flags);
        let guarded = web_config.clone();
        let app = move || {
            let (services, guarded) = (services.clone(), guarded.clone());
            App::new()
                .wrap(from_fn(move |request, next| guard(guarded.clone(), request, next)))
                // The outermost: it logs refusals as well.
                .wrap(from_fn(access_log))
                .configure(|config| services.register(config))
                .default_service(web::to(not_found))
        };
        let mut signals = Signals::handle()?;
        let (drain, draining) = oneshot::channel::<()>();
        let draining = async { _ = draining.await };
        let limits = self.settings.connection_limits;
        let serving = connection::serve(app, listeners, web_config, limits, draining);
        let second_signal = async {
            if let Some(signal) = first(signals.next(), stopped).await {
                info!(%signal, "Draining");
            }
            let _ = drain.send(());
            signals.next().await
        };
        match select(pin!(serving), pin!(second_signal)).await {
            Either::Left((served, _)) => served.map(|()| None),
            Either::Right((signal, _)) => Ok(Some(signal)),
        }
    }

    fn services(&self, assembly: Assembly, flags: &Flags) -> Services {
        let path = flags.telemetry_path.as_str();
        let deadline = Deadline::with_offset(self.settings.timeout_offset);
        let metrics = Metrics::of_sources(Arc::clone(&assembly.sources)).path(path);
        let landing = (path != "/").then(|| {
            let Settings { name, description, build_info, .. } = &self.settings;
            let sources = assembly.sources;
            Landing::new(name, description, build_info, path, sources, &assembly.probes)
        });
        let probes = assembly.probes.into_iter();
        Services {
            metrics: metrics.deadline(deadline).limit(assembly.limit),
            probes: probes.map(|it| ProbeService::new(it, deadline, flags.max_requests)).collect(),
            landing,
        }
    }
}

/// Waits for a signal, or until `stopped` has no sender any more, which is no signal.
async fn first(
    signal: impl Future<Output = Termination>,
    stopped: oneshot::Receiver<()>,
) -> Option<Termination> {
    match select(stopped, pin!(signal)).await {
        Either::Left(_) => None,
        Either::Right((signal, _)) => Some(signal),
    }
}

/// The services, by path.
#[derive(Clone)]
struct Services {
    metrics: Metrics,
    probes: Vec<ProbeService>,
    landing: Option<Landing>,
}

impl Services {
    fn register(self, config: &mut ServiceConfig) {
        config.service(self.metrics).service(healthy()).service(ready());
        if let Some(landing) = self.landing {
            config.service(landing);
        }
        for probes in self.probes {
            config.service(probes);
        }
    }
}
