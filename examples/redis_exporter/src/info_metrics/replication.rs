//! INFO, section Replication.

use hello_exporter::Collector;
use serde::Deserialize;

#[derive(Collector, Deserialize)]
pub(crate) struct ReplicationMetrics {
    /// Connected replicas.
    connected_slaves: Option<f64>,

    /// Size of the replication backlog, in bytes.
    #[metric(name = "replication_backlog_bytes")]
    repl_backlog_size: Option<f64>,

    /// Whether the replication backlog is active.
    #[metric(name = "repl_backlog_is_active")]
    repl_backlog_active: Option<f64>,

    /// Replication offset of the first byte in the backlog.
    repl_backlog_first_byte_offset: Option<f64>,

    /// Size of the data in the replication backlog, in bytes.
    #[metric(name = "repl_backlog_history_bytes")]
    repl_backlog_histlen: Option<f64>,

    /// Replication offset of this server, in bytes.
    master_repl_offset: Option<f64>,

    /// Replication offset up to which the replication ID of the former master is accepted.
    second_repl_offset: Option<f64>,

    /// Priority of this replica in a failover.
    slave_priority: Option<f64>,
}
