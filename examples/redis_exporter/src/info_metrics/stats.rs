//! INFO, section Stats.

use hello_exporter::{Collector, Gauge};
use serde::Deserialize;

use super::gauge;

#[derive(Collector, Deserialize)]
pub(crate) struct StatsMetrics {
    /// Connections accepted.
    #[metric(counter, name = "connections_received_total")]
    total_connections_received: Option<f64>,

    /// Commands processed.
    #[metric(counter, name = "commands_processed_total")]
    total_commands_processed: Option<f64>,

    /// Bytes read from the network.
    #[metric(counter, name = "net_input_bytes_total")]
    total_net_input_bytes: Option<f64>,

    /// Bytes written to the network.
    #[metric(counter, name = "net_output_bytes_total")]
    total_net_output_bytes: Option<f64>,

    /// Connections refused because there were too many.
    #[metric(counter, name = "rejected_connections_total")]
    rejected_connections: Option<f64>,

    /// Full synchronisations with replicas.
    #[metric(name = "replica_resyncs_full")]
    sync_full: Option<f64>,

    /// Partial synchronisations with replicas that were accepted.
    #[metric(name = "replica_partial_resync_accepted")]
    sync_partial_ok: Option<f64>,

    /// Partial synchronisations with replicas that were denied.
    #[metric(name = "replica_partial_resync_denied")]
    sync_partial_err: Option<f64>,

    /// Keys that have expired.
    #[metric(counter, name = "expired_keys_total")]
    expired_keys: Option<f64>,

    /// Estimated share of keys that have expired and are not removed yet, in percent.
    #[metric(name = "expired_stale_percentage")]
    expired_stale_perc: Option<f64>,

    /// How often a search for expired keys ran out of time.
    #[metric(counter, name = "expired_time_cap_reached_total")]
    expired_time_cap_reached_count: Option<f64>,

    /// Keys evicted because of the memory limit.
    #[metric(counter, name = "evicted_keys_total")]
    evicted_keys: Option<f64>,

    /// Keys looked up and found.
    #[metric(counter, name = "keyspace_hits_total")]
    keyspace_hits: Option<f64>,

    /// Keys looked up and not found.
    #[metric(counter, name = "keyspace_misses_total")]
    keyspace_misses: Option<f64>,

    /// Channels with subscribers.
    pubsub_channels: Option<f64>,

    /// Patterns with subscribers.
    pubsub_patterns: Option<f64>,

    /// Duration of the last fork, in seconds.
    #[metric(name = "latest_fork_seconds")]
    pub(crate) latest_fork_usec: Option<f64>,

    /// Keys whose expiry this replica tracks by itself.
    slave_expires_tracked_keys: Option<f64>,

    /// Values moved to defragment memory.
    #[metric(name = "defrag_hits")]
    active_defrag_hits: Option<f64>,

    /// Values that defragmentation did not move.
    #[metric(name = "defrag_misses")]
    active_defrag_misses: Option<f64>,

    /// Keys defragmented.
    #[metric(name = "defrag_key_hits")]
    active_defrag_key_hits: Option<f64>,

    /// Keys that defragmentation skipped.
    #[metric(name = "defrag_key_misses")]
    active_defrag_key_misses: Option<f64>,

    /// Keys tracked for client-side caching.
    tracking_total_keys: Option<f64>,

    /// Pairs of keys and clients tracked for client-side caching.
    tracking_total_items: Option<f64>,

    /// Prefixes tracked for client-side caching.
    tracking_total_prefixes: Option<f64>,

    /// Unexpected error replies, for example in replication.
    #[metric(counter)]
    unexpected_error_replies: Option<f64>,

    /// Error replies.
    #[metric(counter)]
    total_error_replies: Option<f64>,

    /// Deep integrity checks of dump payloads.
    #[metric(counter)]
    dump_payload_sanitizations: Option<f64>,

    /// Reads from connections.
    #[metric(counter)]
    total_reads_processed: Option<f64>,

    /// Writes to connections.
    #[metric(counter)]
    total_writes_processed: Option<f64>,

    /// Reads from connections by I/O threads.
    #[metric(counter)]
    io_threaded_reads_processed: Option<f64>,

    /// Writes to connections by I/O threads.
    #[metric(counter)]
    io_threaded_writes_processed: Option<f64>,

    /// Sockets kept open for MIGRATE.
    #[metric(name = "migrate_cached_sockets_total")]
    #[serde(default, deserialize_with = "gauge")]
    migrate_cached_sockets: Option<Gauge>,

    /// Time since memory exceeded its limit, in milliseconds; 0 if it does not exceed it.
    #[metric(name = "current_eviction_exceeded_time_ms")]
    current_eviction_exceeded_time: Option<f64>,

    /// Total time that memory exceeded its limit, in milliseconds.
    #[metric(counter, name = "eviction_exceeded_time_ms_total")]
    total_eviction_exceeded_time: Option<f64>,

    /// Shard channels with subscribers.
    pubsubshard_channels: Option<f64>,

    /// Cycles of the event loop per second.
    instantaneous_eventloop_cycles_per_sec: Option<f64>,

    /// Average time of a cycle of the event loop, in microseconds.
    instantaneous_eventloop_duration_usec: Option<f64>,

    /// Cycles of the event loop.
    #[metric(counter, name = "eventloop_cycles_total")]
    eventloop_cycles: Option<f64>,

    /// Time spent in the event loop, in microseconds.
    #[metric(counter, name = "eventloop_duration_sum_usec_total")]
    eventloop_duration_sum: Option<f64>,

    /// Time spent on commands in the event loop, in microseconds.
    #[metric(counter, name = "eventloop_duration_cmd_sum_usec_total")]
    eventloop_duration_cmd_sum: Option<f64>,

    /// Bytes read from the network for replication.
    #[metric(counter, name = "net_repl_input_bytes_total")]
    total_net_repl_input_bytes: Option<f64>,

    /// Bytes written to the network for replication.
    #[metric(counter, name = "net_repl_output_bytes_total")]
    total_net_repl_output_bytes: Option<f64>,

    /// Fields of hashes that have expired.
    #[metric(counter, name = "expired_subkeys_total")]
    expired_subkeys: Option<f64>,

    /// Processor time spent on expired keys, in milliseconds.
    #[metric(counter, name = "expire_cycle_cpu_time_ms_total")]
    expire_cycle_cpu_milliseconds: Option<f64>,

    /// Clients disconnected because of the client memory limit.
    #[metric(counter, name = "evicted_clients_total")]
    evicted_clients: Option<f64>,

    /// Scripts evicted.
    #[metric(counter, name = "evicted_scripts_total")]
    evicted_scripts: Option<f64>,

    /// Clients disconnected because of the limit of their query buffers.
    #[metric(counter, name = "client_query_buffer_limit_disconnections_total")]
    client_query_buffer_limit_disconnections: Option<f64>,

    /// Clients disconnected because of the limits of their output buffers.
    #[metric(counter, name = "client_output_buffer_limit_disconnections_total")]
    client_output_buffer_limit_disconnections: Option<f64>,

    /// How often reply buffers were shrunk.
    #[metric(counter, name = "reply_buffer_shrinks_total")]
    reply_buffer_shrinks: Option<f64>,

    /// How often reply buffers were enlarged.
    #[metric(counter, name = "reply_buffer_expands_total")]
    reply_buffer_expands: Option<f64>,

    /// Logins refused.
    #[metric(counter, name = "acl_access_denied_auth_total")]
    acl_access_denied_auth: Option<f64>,

    /// Commands refused because of the access list.
    #[metric(counter, name = "acl_access_denied_cmd_total")]
    acl_access_denied_cmd: Option<f64>,

    /// Commands refused because the access list does not permit their keys.
    #[metric(counter, name = "acl_access_denied_key_total")]
    acl_access_denied_key: Option<f64>,

    /// Commands refused because the access list does not permit their channels.
    #[metric(counter, name = "acl_access_denied_channel_total")]
    acl_access_denied_channel: Option<f64>,

    /// Keys that a KeyDB server holds in memory as a cache of its storage.
    #[metric(counter, name = "cached_keys_total")]
    cached_keys: Option<f64>,

    /// Keys that a KeyDB server has found in its storage.
    #[metric(counter)]
    storage_provider_read_hits: Option<f64>,

    /// Keys that a KeyDB server has not found in its storage.
    #[metric(counter)]
    storage_provider_read_misses: Option<f64>,
}
