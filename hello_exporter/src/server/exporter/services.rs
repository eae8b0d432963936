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
    reload: Option<ConfigReload>,
}

/// How the configuration is reloaded, and the outcome.
#[derive(Clone)]
pub(super) struct ConfigReload {
    /// The watch of the file ends with the last of these.
    pub(super) reloader: Reloader,
    /// Whether requests can reload it.
    pub(super) is_lifecycle_enabled: bool,
    pub(super) metrics: Arc<ReloadMetrics>,
}

impl Services {
    pub(super) fn new(
        settings: &Settings,
        assembly: Assembly,
        flags: &Flags,
        reload: Option<ConfigReload>,
    ) -> Self {
        let path = flags.telemetry_path.as_str();
        let deadline = Deadline::with_offset(settings.timeout_offset);
        let metrics = Metrics::of_sources(Arc::clone(&assembly.sources)).path(path);
        let landing = (path != "/").then(|| {
            let Settings { name, description, build_info, .. } = settings;
            let sources = assembly.sources;
            let config = reload.as_ref().map(ConfigReload::shown);
            Landing::new(name, description, build_info, path, sources, &assembly.probes)
                .config(config)
        });
        let created_samples = flags.openmetrics_created_samples;
        let fast_gzip = settings.fast_gzip;
        let probe_service = |probe| {
            let service = ProbeService::new(probe, deadline, flags.max_requests);
            service.created_samples(created_samples).fast_gzip(fast_gzip)
        };
        let metrics = metrics.deadline(deadline).limit(assembly.limit);
        Self {
            metrics: metrics.created_samples(created_samples).fast_gzip(fast_gzip),
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
        if let Some(ConfigReload { reloader, is_lifecycle_enabled, .. }) = self.reload {
            config.service(reload(is_lifecycle_enabled.then_some(reloader)));
        }
        for probes in self.probes {
            config.service(probes);
        }
    }
}

impl ConfigReload {
    /// Returns what the page at `/` shows about the configuration.
    fn shown(&self) -> ShownConfig {
        let Self { is_lifecycle_enabled, .. } = *self;
        ShownConfig { metrics: Arc::clone(&self.metrics), is_lifecycle_enabled }
    }
}
