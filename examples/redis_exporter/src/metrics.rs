//! What is exposed of a server.

use hello_exporter::{Collector, Labels, Rows, SummarySnapshot};
use serde::Deserialize;

use crate::info_metrics::InfoMetrics;

#[derive(Collector)]
#[collector(namespace = "redis")]
pub(crate) struct RedisMetrics {
    #[metric(flatten)]
    pub(crate) info: InfoMetrics,

    /// Facts about the server.
    pub(crate) instance_info: Vec<(Instance, bool)>,

    /// When the server was started, in seconds since the Unix epoch.
    pub(crate) start_time_seconds: Option<f64>,

    #[metric(flatten)]
    pub(crate) replicas: Rows<ReplicaLabels, Replica>,

    #[metric(flatten)]
    pub(crate) master: Rows<MasterLabels, Master>,

    #[metric(flatten)]
    pub(crate) databases: Rows<DatabaseLabels, Database>,

    #[metric(flatten)]
    pub(crate) commands: Rows<CommandLabels, Command>,

    /// Percentiles of the time that a command takes, in microseconds.
    #[metric(labels = ["cmd"])]
    pub(crate) latency_percentiles_usec: Vec<(String, SummarySnapshot)>,

    /// Error replies by their first word.
    #[metric(counter, labels = ["err"])]
    pub(crate) errors_total: Vec<(String, Option<f64>)>,

    #[metric(flatten, prefix = "config_")]
    pub(crate) config: Config,

    /// Entries in the log of slow commands.
    pub(crate) slowlog_length: Option<u64>,

    /// Number of the last slow command.
    pub(crate) slowlog_last_id: Option<i64>,

    /// How long the last slow command took, in seconds.
    pub(crate) last_slow_execution_duration_seconds: Option<f64>,

    /// When something last took longer than `latency-monitor-threshold`, in seconds since the Unix epoch.
    #[metric(labels = ["event_name"])]
    pub(crate) latency_spike_last: Vec<(String, i64)>,

    /// How long it then took, in seconds.
    #[metric(labels = ["event_name"])]
    pub(crate) latency_spike_duration_seconds: Vec<(String, f64)>,
}

#[derive(Labels, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Instance {
    pub(crate) role: String,
    pub(crate) redis_version: String,
    pub(crate) redis_build_id: String,
    pub(crate) redis_mode: String,
    pub(crate) os: String,
    pub(crate) maxmemory_policy: String,
    pub(crate) tcp_port: String,
    pub(crate) run_id: String,
    pub(crate) process_id: String,
}

#[derive(Labels, Deserialize)]
pub(crate) struct ReplicaLabels {
    #[label(name = "slave_ip")]
    pub(crate) ip: String,
    #[label(name = "slave_port")]
    pub(crate) port: String,
    #[label(name = "slave_state")]
    #[serde(default)]
    pub(crate) state: String,
}

#[derive(Collector, Deserialize)]
pub(crate) struct Replica {
    /// How much of the replication a replica has acknowledged, in bytes.
    #[metric(name = "connected_slave_offset_bytes")]
    pub(crate) offset: Option<f64>,

    /// How long ago a replica has acknowledged something, in seconds.
    #[metric(name = "connected_slave_lag_seconds")]
    pub(crate) lag: Option<f64>,
}

#[derive(Labels, Deserialize, Default)]
#[serde(default)]
pub(crate) struct MasterLabels {
    pub(crate) master_host: String,
    pub(crate) master_port: String,
}

#[derive(Collector, Deserialize)]
pub(crate) struct Master {
    /// Whether this replica is connected with its master.
    #[metric(name = "master_link_up")]
    pub(crate) master_link_status: Option<f64>,

    /// How long ago the master was last heard of, in seconds; -1 while there is no connection.
    pub(crate) master_last_io_seconds_ago: Option<f64>,

    /// Whether this replica is getting the data of its master.
    pub(crate) master_sync_in_progress: Option<f64>,

    /// How much of the replication this replica has processed, in bytes.
    pub(crate) slave_repl_offset: Option<f64>,

    /// Facts about this replica.
    #[metric(labels = ["read_only"])]
    #[serde(skip)]
    pub(crate) slave_info: Vec<(String, bool)>,
}

#[derive(Labels)]
pub(crate) struct DatabaseLabels {
    pub(crate) db: String,
}

#[derive(Collector, Deserialize)]
pub(crate) struct Database {
    /// Keys of a database.
    #[metric(name = "db_keys")]
    pub(crate) keys: Option<f64>,

    /// Keys of a database that will expire.
    #[metric(name = "db_keys_expiring")]
    pub(crate) expires: Option<f64>,

    /// Average time for which the expiring keys of a database have still to live, in seconds.
    #[metric(name = "db_avg_ttl_seconds")]
    pub(crate) avg_ttl: Option<f64>,
}

#[derive(Labels)]
pub(crate) struct CommandLabels {
    pub(crate) cmd: String,
}

#[derive(Collector, Deserialize)]
#[collector(subsystem = "commands")]
pub(crate) struct Command {
    /// Calls of a command.
    #[metric(counter, name = "total")]
    pub(crate) calls: Option<f64>,

    /// Time spent on a command, in seconds.
    #[metric(counter, name = "duration_seconds_total")]
    pub(crate) usec: Option<f64>,

    /// Calls of a command that were refused before it was executed.
    #[metric(counter, name = "rejected_calls_total")]
    pub(crate) rejected_calls: Option<f64>,

    /// Calls of a command that failed while it was executed.
    #[metric(counter, name = "failed_calls_total")]
    pub(crate) failed_calls: Option<f64>,
}

#[derive(Collector, Deserialize)]
pub(crate) struct Config {
    /// Most connections of clients that are configured.
    pub(crate) maxclients: Option<f64>,

    /// Most memory that is configured for the data, in bytes; 0 is no limit.
    pub(crate) maxmemory: Option<f64>,

    /// Threads for input and output that are configured.
    #[serde(rename = "io-threads")]
    pub(crate) io_threads: Option<f64>,
}
