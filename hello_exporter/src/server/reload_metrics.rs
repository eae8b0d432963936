//! Metrics about a configuration file that is reloaded.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::metric::Gauge;

/// The outcomes of loading a configuration file, named as Prometheus names those of its own file.
/// The registration adds a prefix that says which file, e.g. `<exporter>_web_config_`.
#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate)]
pub(crate) struct ReloadMetrics {
    /// Whether the last configuration reload attempt was successful.
    last_reload_successful: AtomicBool,

    /// Timestamp of the last successful configuration reload.
    last_reload_success_timestamp_seconds: Gauge<Option<f64>>,
}

impl ReloadMetrics {
    /// Notes whether the file could be loaded, at the start or later.
    pub(crate) fn record(&self, is_success: bool) {
        if is_success {
            self.last_reload_success_timestamp_seconds.set_to_current_time();
        }
        self.last_reload_successful.store(is_success, Ordering::Relaxed);
    }
}
