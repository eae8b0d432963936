//! The HTTP services of an exporter.

use std::sync::Arc;

use actix_web::web::ServiceConfig;

use super::Settings;
use super::assembly::Assembly;
use crate::server::cli::Flags;
use crate::server::config::Reloader;
use crate::server::http::{
    Deadline, Landing, Metrics, ProbeService, ShownConfig, healthy, ready, reload,
};
use crate::server::reload_metrics::ReloadMetrics;

/// The services of an exporter.
#[derive(Clone)]
pub(super) struct Services {
    metrics: Metrics,
    probes: Vec<ProbeService>,
    /// The page at `/`, unless the metrics are there.
    landing: Option<Landing>,
    reload: Option<ReloadEndpoint>,
}

/// The endpoint `/-/reload`.
#[derive(Clone)]
pub(super) struct ReloadEndpoint {
    /// Reloads the configuration, if the flags permit requests to.
    pub(super) reloader: Option<Reloader>,
    pub(super) metrics: Arc<ReloadMetrics>,
}

impl Services {
    pub(super) fn new(
        settings: &Settings,
        assembly: Assembly,
        flags: &Flags,
        reload: Option<ReloadEndpoint>,
    ) -> Self {
        let path = flags.telemetry_path.as_str();
        let deadline = Deadline::with_offset(settings.timeout_offset);
        let metrics = Metrics::of_sources(Arc::clone(&assembly.sources)).path(path);
        let landing = (path != "/").then(|| {
            let Settings { name, description, build_info, .. } = settings;
            let sources = assembly.sources;
            let config = reload.as_ref().map(ReloadEndpoint::shown);
            Landing::new(name, description, build_info, path, sources, &assembly.probes)
                .config(config)
        });
        let created_samples = flags.openmetrics_created_samples;
        let probe_service = |probe| {
            ProbeService::new(probe, deadline, flags.max_requests).created_samples(created_samples)
        };
        let metrics = metrics.deadline(deadline).limit(assembly.limit);
        Self {
            metrics: metrics.created_samples(created_samples),
            probes: assembly.probes.into_iter().map(probe_service).collect(),
            landing,
            reload,
        }
    }

    /// Registers the services at their paths.
    pub(super) fn register(self, config: &mut ServiceConfig) {
        config.service(self.metrics).service(healthy()).service(ready());
        if let Some(landing) = self.landing {
            config.service(landing);
        }
        if let Some(ReloadEndpoint { reloader, .. }) = self.reload {
            config.service(reload(reloader));
        }
        for probes in self.probes {
            config.service(probes);
        }
    }
}

impl ReloadEndpoint {
    /// Returns what the page at `/` shows about the configuration.
    fn shown(&self) -> ShownConfig {
        let metrics = Arc::clone(&self.metrics);
        ShownConfig { metrics, is_lifecycle_enabled: self.reloader.is_some() }
    }
}
