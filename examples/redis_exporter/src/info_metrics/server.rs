//! INFO, section Server: the process.

use hello_exporter::{Collector, Gauge};
use serde::Deserialize;

use super::gauge;

#[derive(Collector, Deserialize)]
pub(crate) struct ServerMetrics {
    /// How long the server has been running, in seconds.
    uptime_in_seconds: Option<f64>,

    /// Process ID of the server.
    process_id: Option<f64>,

    /// Whether I/O threads are in use.
    io_threads_active: Option<f64>,

    /// Frequency of background tasks, per second.
    hz: Option<f64>,

    /// Configured frequency of background tasks, per second.
    configured_hz: Option<f64>,

    /// Threads of a KeyDB server.
    #[metric(name = "server_threads_total")]
    #[serde(default, deserialize_with = "gauge")]
    server_threads: Option<Gauge>,

    /// Long waits for a lock of the threads of a KeyDB server.
    #[metric(name = "long_lock_waits_total")]
    #[serde(default, deserialize_with = "gauge")]
    long_lock_waits: Option<Gauge>,
}
