//! What INFO says of the server with one line for each metric.

use hello_exporter::Collector;
use serde::Deserialize;

/// The sections of INFO, one after the other. A field is called as its line.
#[derive(Collector, Deserialize)]
pub(crate) struct InfoMetrics {
    // # Server
    /// How long the server has been running, in seconds.
    uptime_in_seconds: Option<f64>,

    /// Number of the server's process.
    process_id: Option<f64>,

    /// Whether threads for input and output are in use.
    io_threads_active: Option<f64>,

    // # Clients
    /// Connections of clients, without those of replicas.
    connected_clients: Option<f64>,

    /// Sockets that the bus of the cluster has, about.
    cluster_connections: Option<f64>,

    /// Largest input buffer of the connections of now, in bytes.
    #[metric(name = "client_recent_max_input_buffer_bytes")]
    client_recent_max_input_buffer: Option<f64>,

    /// Largest output buffer of the connections of now, in bytes.
    #[metric(name = "client_recent_max_output_buffer_bytes")]
    client_recent_max_output_buffer: Option<f64>,

    /// Clients that wait for a blocking command.
    blocked_clients: Option<f64>,

    /// Clients whose keys are tracked for their caches.
    tracking_clients: Option<f64>,

    /// Clients that wait for a blocking command for a limited time.
    clients_in_timeout_table: Option<f64>,

    // # Memory
    /// Memory that the server has allocated, in bytes.
    #[metric(name = "memory_used_bytes")]
    used_memory: Option<f64>,

    /// Memory of the server as the system sees it, in bytes.
    #[metric(name = "memory_used_rss_bytes")]
    used_memory_rss: Option<f64>,

    /// Most memory that the server has had allocated, in bytes.
    #[metric(name = "memory_used_peak_bytes")]
    used_memory_peak: Option<f64>,

    /// Memory that the server takes for its own work, in bytes.
    #[metric(name = "memory_used_overhead_bytes")]
    used_memory_overhead: Option<f64>,

    /// Memory that the server had taken when it started, in bytes.
    #[metric(name = "memory_used_startup_bytes")]
    used_memory_startup: Option<f64>,

    /// Memory that the data takes, in bytes.
    #[metric(name = "memory_used_dataset_bytes")]
    used_memory_dataset: Option<f64>,

    /// Memory that Lua takes, in bytes.
    #[metric(name = "memory_used_lua_bytes")]
    used_memory_lua: Option<f64>,

    /// Memory that scripts and functions take, in bytes.
    #[metric(name = "memory_used_scripts_bytes")]
    used_memory_scripts: Option<f64>,

    /// Most memory that the data may take, in bytes; 0 is no limit.
    #[metric(name = "memory_max_bytes")]
    maxmemory: Option<f64>,

    /// Scripts that the server remembers.
    number_of_cached_scripts: Option<f64>,

    /// Memory that was asked of the allocator, in bytes.
    #[metric(name = "allocator_allocated_bytes")]
    allocator_allocated: Option<f64>,

    /// Memory in the pages that the allocator uses, in bytes.
    #[metric(name = "allocator_active_bytes")]
    allocator_active: Option<f64>,

    /// Memory that the allocator has of the system, in bytes.
    #[metric(name = "allocator_resident_bytes")]
    allocator_resident: Option<f64>,

    /// Memory in pages that the allocator uses to what was asked of it.
    allocator_frag_ratio: Option<f64>,

    /// Memory in pages that the allocator uses less what was asked of it, in bytes.
    allocator_frag_bytes: Option<f64>,

    /// Memory that the allocator has of the system to that in pages that it uses.
    allocator_rss_ratio: Option<f64>,

    /// Memory that the allocator has of the system less that in pages that it uses, in bytes.
    allocator_rss_bytes: Option<f64>,

    /// Memory of the server as the system sees it to what it has allocated.
    mem_fragmentation_ratio: Option<f64>,

    /// Memory of the server as the system sees it less what it has allocated, in bytes.
    mem_fragmentation_bytes: Option<f64>,

    /// Memory that the buffers of replicas take, in bytes.
    mem_clients_slaves: Option<f64>,

    /// Memory that the buffers of other clients take, in bytes.
    mem_clients_normal: Option<f64>,

    /// Memory that does not count towards the limit, in bytes.
    #[metric(name = "mem_not_counted_for_eviction_bytes")]
    mem_not_counted_for_evict: Option<f64>,

    /// Whether memory is being defragmented, in percent of the processor time meant for it.
    active_defrag_running: Option<f64>,

    /// Objects that are to be freed in the background.
    lazyfree_pending_objects: Option<f64>,

    // # Persistence
    /// Whether the server is loading its data.
    #[metric(name = "loading_dump_file")]
    loading: Option<f64>,

    /// Changes since the data was last saved.
    rdb_changes_since_last_save: Option<f64>,

    /// Whether the data is being saved.
    rdb_bgsave_in_progress: Option<f64>,

    /// When the data was last saved, in seconds since the Unix epoch.
    #[metric(name = "rdb_last_save_timestamp_seconds")]
    rdb_last_save_time: Option<f64>,

    /// Whether the last save in the background succeeded.
    rdb_last_bgsave_status: Option<f64>,

    /// How long the last save in the background took, in seconds; -1 where there was none.
    #[metric(name = "rdb_last_bgsave_duration_sec")]
    rdb_last_bgsave_time_sec: Option<f64>,

    /// How long the save under way has taken, in seconds; -1 where there is none.
    #[metric(name = "rdb_current_bgsave_duration_sec")]
    rdb_current_bgsave_time_sec: Option<f64>,

    /// Memory that was copied during the last save, in bytes.
    #[metric(name = "rdb_last_cow_size_bytes")]
    rdb_last_cow_size: Option<f64>,

    /// Whether changes are logged in an append-only file.
    aof_enabled: Option<f64>,

    /// Whether the append-only file is being rewritten.
    aof_rewrite_in_progress: Option<f64>,

    /// Whether the append-only file will be rewritten after the save under way.
    aof_rewrite_scheduled: Option<f64>,

    /// How long the last rewrite took, in seconds; -1 where there was none.
    #[metric(name = "aof_last_rewrite_duration_sec")]
    aof_last_rewrite_time_sec: Option<f64>,

    /// How long the rewrite under way has taken, in seconds; -1 where there is none.
    #[metric(name = "aof_current_rewrite_duration_sec")]
    aof_current_rewrite_time_sec: Option<f64>,

    /// Whether the last rewrite succeeded.
    aof_last_bgrewrite_status: Option<f64>,

    /// Whether the last write to the append-only file succeeded.
    aof_last_write_status: Option<f64>,

    /// Memory that was copied during the last rewrite, in bytes.
    #[metric(name = "aof_last_cow_size_bytes")]
    aof_last_cow_size: Option<f64>,

    /// Size of the append-only file, in bytes.
    #[metric(name = "aof_current_size_bytes")]
    aof_current_size: Option<f64>,

    /// Size of the append-only file after the last rewrite, in bytes.
    #[metric(name = "aof_base_size_bytes")]
    aof_base_size: Option<f64>,

    /// Whether the append-only file is to be rewritten after the save under way.
    aof_pending_rewrite: Option<f64>,

    /// Size of the buffer of the append-only file, in bytes.
    aof_buffer_length: Option<f64>,

    /// Size of the buffer of the rewrite, in bytes.
    aof_rewrite_buffer_length: Option<f64>,

    /// Syncs of the append-only file that wait in the background.
    aof_pending_bio_fsync: Option<f64>,

    /// Syncs of the append-only file that had to wait.
    aof_delayed_fsync: Option<f64>,

    /// Whether a module has a fork under way.
    module_fork_in_progress: Option<f64>,

    /// Memory that was copied during the last fork of a module, in bytes.
    module_fork_last_cow_size: Option<f64>,

    // # Stats
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

    /// Partial synchronisations with replicas that were granted.
    #[metric(name = "replica_partial_resync_accepted")]
    sync_partial_ok: Option<f64>,

    /// Partial synchronisations with replicas that were not granted.
    #[metric(name = "replica_partial_resync_denied")]
    sync_partial_err: Option<f64>,

    /// Keys that have expired.
    #[metric(counter, name = "expired_keys_total")]
    expired_keys: Option<f64>,

    /// Keys that may have expired and are still there, in percent.
    #[metric(name = "expired_stale_percentage")]
    expired_stale_perc: Option<f64>,

    /// How often a search for expired keys ran out of time.
    #[metric(counter, name = "expired_time_cap_reached_total")]
    expired_time_cap_reached_count: Option<f64>,

    /// Keys evicted because of the limit of memory.
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

    /// How long the last fork took, in seconds.
    #[metric(name = "latest_fork_seconds")]
    pub(crate) latest_fork_usec: Option<f64>,

    /// Keys whose expiry this replica tracks by itself.
    slave_expires_tracked_keys: Option<f64>,

    /// Values moved to defragment memory.
    #[metric(name = "defrag_hits")]
    active_defrag_hits: Option<f64>,

    /// Values that were not moved when they might have been.
    #[metric(name = "defrag_misses")]
    active_defrag_misses: Option<f64>,

    /// Keys defragmented.
    #[metric(name = "defrag_key_hits")]
    active_defrag_key_hits: Option<f64>,

    /// Keys that needed no defragmentation.
    #[metric(name = "defrag_key_misses")]
    active_defrag_key_misses: Option<f64>,

    /// Keys tracked for the caches of clients.
    tracking_total_keys: Option<f64>,

    /// Pairs of keys and clients that are tracked.
    tracking_total_items: Option<f64>,

    /// Prefixes tracked for the caches of clients.
    tracking_total_prefixes: Option<f64>,

    /// Error replies where there should be none, as in replication.
    #[metric(counter)]
    unexpected_error_replies: Option<f64>,

    /// Error replies.
    #[metric(counter)]
    total_error_replies: Option<f64>,

    /// Dumps checked in depth.
    #[metric(counter)]
    dump_payload_sanitizations: Option<f64>,

    /// Reads from connections.
    #[metric(counter)]
    total_reads_processed: Option<f64>,

    /// Writes to connections.
    #[metric(counter)]
    total_writes_processed: Option<f64>,

    /// Reads from connections by threads.
    #[metric(counter)]
    io_threaded_reads_processed: Option<f64>,

    /// Writes to connections by threads.
    #[metric(counter)]
    io_threaded_writes_processed: Option<f64>,

    // # Replication
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

    // # CPU
    /// Processor time of the server in the kernel, in seconds.
    #[metric(counter, name = "cpu_sys_seconds_total")]
    used_cpu_sys: Option<f64>,

    /// Processor time of the server outside of the kernel, in seconds.
    #[metric(counter, name = "cpu_user_seconds_total")]
    used_cpu_user: Option<f64>,

    /// Processor time of saves and rewrites in the kernel, in seconds.
    #[metric(counter, name = "cpu_sys_children_seconds_total")]
    used_cpu_sys_children: Option<f64>,

    /// Processor time of saves and rewrites outside of the kernel, in seconds.
    #[metric(counter, name = "cpu_user_children_seconds_total")]
    used_cpu_user_children: Option<f64>,

    /// Processor time of the main thread in the kernel, in seconds.
    #[metric(counter, name = "cpu_sys_main_thread_seconds_total")]
    used_cpu_sys_main_thread: Option<f64>,

    /// Processor time of the main thread outside of the kernel, in seconds.
    #[metric(counter, name = "cpu_user_main_thread_seconds_total")]
    used_cpu_user_main_thread: Option<f64>,

    // # Cluster
    /// Whether the server is part of a cluster.
    cluster_enabled: Option<f64>,
}
