//! Metrics about the web configuration file, and about the certificate that it names.

use std::sync::Arc;
use std::time::Duration;

use crate::metric::Gauge;
use crate::registry::{RegisterError, Registry};
use crate::server::reload_metrics::ReloadMetrics;

/// The metrics that an exporter with a web configuration file exposes.
pub(crate) struct WebConfigMetrics {
    reloads: Arc<ReloadMetrics>,
    certificate: Arc<CertificateMetrics>,
}

/// The certificate that the server presents.
#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate, namespace = "web_tls", subsystem = "certificate")]
struct CertificateMetrics {
    /// Expiry of the TLS certificate, or of the certificate of its chain that expires first.
    not_after_timestamp_seconds: Gauge<Option<f64>>,
}

impl WebConfigMetrics {
    /// Registers the metrics under names that begin with `prefix`.
    pub(crate) fn register(
        &self,
        prefix: &str,
        registry: &Registry,
    ) -> impl Iterator<Item = RegisterError> + use<> {
        let reloads = registry.scope().prefix(format!("{prefix}web_config_"));
        let results = [
            reloads.register(Arc::clone(&self.reloads)),
            registry.scope().prefix(prefix).register(Arc::clone(&self.certificate)),
        ];
        results.into_iter().filter_map(Result::err)
    }

    /// Records that settings are in force. `not_after` is the expiry of their certificate, since
    /// the Unix epoch.
    pub(super) fn loaded(&self, not_after: Option<Duration>) {
        let not_after = not_after.map(|time| time.as_secs_f64());
        self.certificate.not_after_timestamp_seconds.set(not_after);
        self.reloads.record(true);
    }

    /// Records that a changed file could not be used.
    pub(super) fn failed(&self) {
        self.reloads.record(false);
    }
}

impl Default for WebConfigMetrics {
    fn default() -> Self {
        let reloads = Arc::new(ReloadMetrics::new());
        Self { reloads, certificate: Arc::new(CertificateMetrics::new()) }
    }
}
