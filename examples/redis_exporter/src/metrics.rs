//! The metrics of a server.

use hello_exporter::{Collector, Labels, Rows};
use serde::Deserialize;

use crate::cluster::ClusterInfo;
use crate::config::Config;
use crate::info_metrics::InfoMetrics;
use crate::latency::Latencies;
use crate::modules::Modules;
use crate::sentinel::Sentinel;
use crate::skipped::Skipped;

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
    pub(crate) masters: Rows<MasterLabels, Master>,

    #[metric(flatten)]
    pub(crate) databases: Rows<DatabaseLabels, Database>,

    #[metric(flatten)]
    pub(crate) commands: Rows<CommandLabels, Command>,

    #[metric(flatten)]
    pub(crate) latencies: Latencies,

    /// Error replies, by their first word.
    #[metric(counter, labels = ["err"])]
    pub(crate) errors_total: Vec<(String, Option<f64>)>,

    /// Active time of an I/O thread, in seconds.
    #[metric(counter, labels = ["thread"])]
    pub(crate) active_time_io_thread_seconds_total: Vec<(String, f64)>,

    #[metric(flatten, prefix = "config_")]
    pub(crate) config: Config,

    #[metric(flatten)]
    pub(crate) cluster: ClusterInfo,

    #[metric(flatten)]
    pub(crate) sentinel: Sentinel,

    #[metric(flatten)]
    pub(crate) modules: Modules,

    /// Entries in the log of slow commands.
    pub(crate) slowlog_length: Option<i64>,

    /// ID of the last slow command.
    pub(crate) slowlog_last_id: Option<i64>,

    /// Duration of the last slow command, in seconds.
    pub(crate) last_slow_execution_duration_seconds: Option<f64>,

    #[metric(flatten, prefix = "exporter_last_scrape_")]
    pub(crate) scrape: Scrape,

    #[metric(skip)]
    pub(crate) skipped: Skipped,
}

/// Metrics about the scrape itself.
#[derive(Collector)]
pub(crate) struct Scrape {
    /// Time to connect in the last scrape, in seconds.
    pub(crate) connect_time_seconds: f64,

    /// Duration of the last scrape, in seconds.
    pub(crate) duration_seconds: f64,

    /// Lines and elements of replies that the last scrape dropped because of its limits.
    pub(crate) dropped_lines: u64,
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

/// The labels of a replica. Some servers report no state, and some servers that clients reach
/// through a proxy report no port.
#[derive(Labels, Deserialize, Default)]
#[serde(default)]
pub(crate) struct ReplicaLabels {
    #[label(name = "slave_ip")]
    pub(crate) ip: String,
    #[label(name = "slave_port")]
    pub(crate) port: String,
    #[label(name = "slave_state")]
    pub(crate) state: String,
}

#[derive(Collector, Deserialize)]
pub(crate) struct Replica {
    /// Replication offset that a replica has acknowledged, in bytes.
    #[metric(name = "connected_slave_offset_bytes")]
    pub(crate) offset: Option<f64>,

    /// Time since the last acknowledgement of a replica, in seconds.
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
    /// Whether this replica is connected to its master.
    #[metric(name = "master_link_up")]
    #[serde(skip)]
    pub(crate) master_link_status: Option<bool>,

    /// Time since the master last sent something, in seconds; -1 while there is no connection.
    pub(crate) master_last_io_seconds_ago: Option<f64>,

    /// Whether this replica is synchronising with its master.
    pub(crate) master_sync_in_progress: Option<f64>,

    /// Replication offset that this replica has processed, in bytes.
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

#[derive(Collector, Deserialize, Default)]
pub(crate) struct Database {
    /// Keys of a database.
    #[metric(name = "db_keys")]
    pub(crate) keys: Option<f64>,

    /// Keys of a database that will expire.
    #[metric(name = "db_keys_expiring")]
    pub(crate) expires: Option<f64>,

    /// Average time to live of the expiring keys of a database, in seconds.
    #[metric(name = "db_avg_ttl_seconds")]
    pub(crate) avg_ttl: Option<f64>,

    /// Keys of a database that KeyDB holds in memory as a cache of its storage.
    #[metric(name = "db_keys_cached")]
    pub(crate) cached_keys: Option<f64>,
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
