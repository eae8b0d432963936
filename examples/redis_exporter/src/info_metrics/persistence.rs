//! INFO, section Persistence: saves and the append-only file.

use hello_exporter::{Collector, Gauge};
use serde::Deserialize;

use super::gauge;

#[derive(Collector, Deserialize)]
pub(crate) struct PersistenceMetrics {
    /// Whether the server is loading its data.
    #[metric(name = "loading_dump_file")]
    loading: Option<f64>,

    /// Changes since the last save.
    rdb_changes_since_last_save: Option<f64>,

    /// Whether the data is being saved.
    rdb_bgsave_in_progress: Option<f64>,

    /// Time of the last save, in seconds since the Unix epoch.
    #[metric(name = "rdb_last_save_timestamp_seconds")]
    rdb_last_save_time: Option<f64>,

    /// Whether the last save in the background succeeded.
    rdb_last_bgsave_status: Option<f64>,

    /// Duration of the last save in the background, in seconds; -1 before the first one.
    #[metric(name = "rdb_last_bgsave_duration_sec")]
    rdb_last_bgsave_time_sec: Option<f64>,

    /// Duration of the running save so far, in seconds; -1 if no save is running.
    #[metric(name = "rdb_current_bgsave_duration_sec")]
    rdb_current_bgsave_time_sec: Option<f64>,

    /// Memory copied on write during the last save, in bytes.
    #[metric(name = "rdb_last_cow_size_bytes")]
    rdb_last_cow_size: Option<f64>,

    /// Whether changes are logged in an append-only file.
    aof_enabled: Option<f64>,

    /// Whether the append-only file is being rewritten.
    aof_rewrite_in_progress: Option<f64>,

    /// Whether the append-only file will be rewritten after the running save.
    aof_rewrite_scheduled: Option<f64>,

    /// Duration of the last rewrite, in seconds; -1 before the first one.
    #[metric(name = "aof_last_rewrite_duration_sec")]
    aof_last_rewrite_time_sec: Option<f64>,

    /// Duration of the running rewrite so far, in seconds; -1 if no rewrite is running.
    #[metric(name = "aof_current_rewrite_duration_sec")]
    aof_current_rewrite_time_sec: Option<f64>,

    /// Whether the last rewrite succeeded.
    aof_last_bgrewrite_status: Option<f64>,

    /// Whether the last write to the append-only file succeeded.
    aof_last_write_status: Option<f64>,

    /// Memory copied on write during the last rewrite, in bytes.
    #[metric(name = "aof_last_cow_size_bytes")]
    aof_last_cow_size: Option<f64>,

    /// Size of the append-only file, in bytes.
    #[metric(name = "aof_current_size_bytes")]
    aof_current_size: Option<f64>,

    /// Size of the append-only file after the last rewrite, in bytes.
    #[metric(name = "aof_base_size_bytes")]
    aof_base_size: Option<f64>,

    /// Whether a rewrite of the append-only file will be scheduled when the running save ends.
    aof_pending_rewrite: Option<f64>,

    /// Size of the buffer of the append-only file, in bytes.
    aof_buffer_length: Option<f64>,

    /// Size of the buffer of the rewrite, in bytes.
    aof_rewrite_buffer_length: Option<f64>,

    /// Syncs of the append-only file in the background queue.
    aof_pending_bio_fsync: Option<f64>,

    /// Delayed syncs of the append-only file.
    aof_delayed_fsync: Option<f64>,

    /// Whether a fork of a module is running.
    module_fork_in_progress: Option<f64>,

    /// Memory copied on write during the last fork of a module, in bytes.
    module_fork_last_cow_size: Option<f64>,

    /// Whether the server is loading the data of its master while it serves its own.
    async_loading: Option<f64>,

    /// Saves since the server was started.
    #[metric(name = "rdb_saves_total")]
    #[serde(default, deserialize_with = "gauge")]
    rdb_saves: Option<Gauge>,

    /// Expired keys in the data that was last loaded.
    #[metric(name = "rdb_last_load_expired_keys")]
    rdb_last_load_keys_expired: Option<f64>,

    /// Keys loaded when the data was last loaded.
    #[metric(name = "rdb_last_load_loaded_keys")]
    rdb_last_load_keys_loaded: Option<f64>,
}
