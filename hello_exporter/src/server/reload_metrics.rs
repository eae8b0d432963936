//! Metrics about a configuration file that is reloaded.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

    /// Returns the outcome of the last attempt to load the file.
    pub(crate) fn last_load(&self) -> LastLoad {
        let loaded = self.last_reload_success_timestamp_seconds.get().unwrap_or_default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        LastLoad {
            is_successful: self.last_reload_successful.load(Ordering::Relaxed),
            // Zero if the clock was set back.
            age: Duration::try_from_secs_f64(now.as_secs_f64() - loaded).unwrap_or_default(),
        }
    }
}

/// The outcome of the last attempt to load a configuration file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastLoad {
    /// Whether the version in force is that of this attempt.
    pub(crate) is_successful: bool,
    /// How long ago the version in force was loaded.
    pub(crate) age: Duration,
}
