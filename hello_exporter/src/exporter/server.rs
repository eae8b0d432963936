//! The HTTP server.

use std::io;
use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web::ServiceConfig;
use actix_web::{App, web};
use clap::Args;
use tracing::info;

use super::assembly::Assembly;
use super::command::Parsed;
use super::listener::Listener;
use super::{Exporter, ExporterError, connection};
use crate::cli::Flags;
use crate::http::{
    Deadline, Landing, Metrics, Probes, WebConfig, access_log, guard, healthy, not_found, ready,
};

impl<F: Args + 'static> Exporter<F> {
    /// Serves until SIGTERM or SIGINT.
    pub(super) async fn serve(mut self, parsed: Parsed<F>) -> Result<(), ExporterError> {
        let assembly = self.assemble(&parsed)?;
        let web_config = parsed.flags.web_config_file().map(WebConfig::load).transpose()?;
        let listeners = match parsed.flags.systemd_socket {
            true => Listener::activated()?,
            false => {
                let addresses = parsed.flags.listen_addresses.iter();
                addresses.map(Listener::bind).collect::<Result<_, _>>()?
            }
        };
        info!(version = self.build_info.version(), "Starting {}", self.name);
        let served = self.serve_on(listeners, assembly, &parsed.flags, web_config).await;
        served.map_err(ExporterError::Serve)?;
        info!("Stopped");
        Ok(())
    }

    async fn serve_on(
        &self,
        listeners: Vec<Listener>,
        assembly: Assembly,
        flags: &Flags,
        web_config: Option<Arc<WebConfig>>,
    ) -> io::Result<()> {
        let services = self.services(assembly, flags);
        let guarded = web_config.clone();
        let app = move || {
            let (services, guarded) = (services.clone(), guarded.clone());
            App::new()
                .wrap(from_fn(move |request, next| guard(guarded.clone(), request, next)))
                // The outermost: it tells of refusals as well.
                .wrap(from_fn(access_log))
                .configure(|config| services.register(config))
                .default_service(web::to(not_found))
        };
        connection::serve(app, listeners, web_config, self.connection_limits).await
    }

    fn services(&self, assembly: Assembly, flags: &Flags) -> Services {
        let path = flags.telemetry_path.as_str();
        let deadline = Deadline::with_offset(self.timeout_offset);
        let metrics = Metrics::of_sources(Arc::clone(&assembly.sources)).path(path);
        let landing = (path != "/").then(|| {
            let (Self { name, description, build_info, .. }, sources) = (self, assembly.sources);
            Landing::new(name, description, build_info, path, sources, &assembly.probes)
        });
        let probes = assembly.probes.into_iter();
        Services {
            metrics: metrics.deadline(deadline).limit(assembly.limit),
            probes: probes.map(|it| Probes::new(it, deadline, flags.max_requests)).collect(),
            landing,
        }
    }
}

/// What answers requests, by path.
#[derive(Clone)]
struct Services {
    metrics: Metrics,
    probes: Vec<Probes>,
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
