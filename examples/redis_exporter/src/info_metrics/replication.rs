//! INFO, section Replication: its part in a replication.

use hello_exporter::Collector;
use serde::Deserialize;

#[derive(Collector, Deserialize)]
pub(crate) struct ReplicationMetrics {
    /// Connected replicas.
    connected_slaves: Option<f64>,

    /// Size of the buffer for partial synchronisations, in bytes.
    #[metric(name = "replication_backlog_bytes")]
    repl_backlog_size: Option<f64>,

    /// Whether there is a buffer for partial synchronisations.
    #[metric(name = "repl_backlog_is_active")]
    repl_backlog_active: Option<f64>,

    /// Where in the replication the buffer begins.
    repl_backlog_first_byte_offset: Option<f64>,

    /// How much there is in the buffer, in bytes.
    #[metric(name = "repl_backlog_history_bytes")]
    repl_backlog_histlen: Option<f64>,

    /// How far the replication of this server has come, in bytes.
    master_repl_offset: Option<f64>,

    /// Up to where the replication of the former master is accepted.
    second_repl_offset: Option<f64>,

    /// Priority of this replica in a failover.
    slave_priority: Option<f64>,
}
