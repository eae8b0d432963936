//! INFO, section Server: the process.

use hello_exporter::{Collector, Gauge};
use serde::Deserialize;

use super::gauge;

#[derive(Collector, Deserialize)]
pub(crate) struct ServerMetrics {
    /// How long the server has been running, in seconds.
    uptime_in_seconds: Option<f64>,

    /// Number of the server's process.
    process_id: Option<f64>,

    /// Whether threads for input and output are in use.
    io_threads_active: Option<f64>,

    /// How often background tasks run, per second.
    hz: Option<f64>,

    /// How often background tasks run as configured, per second.
    configured_hz: Option<f64>,

    /// Threads of a KeyDB server.
    #[metric(name = "server_threads_total")]
    #[serde(default, deserialize_with = "gauge")]
    server_threads: Option<Gauge>,

    /// How often a thread of a KeyDB server has waited long for a lock.
    #[metric(name = "long_lock_waits_total")]
    #[serde(default, deserialize_with = "gauge")]
    long_lock_waits: Option<Gauge>,
}
