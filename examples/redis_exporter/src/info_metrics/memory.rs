//! INFO, section Memory.

use hello_exporter::{Collector, Gauge};
use serde::Deserialize;

use super::gauge;

#[derive(Collector, Deserialize)]
pub(crate) struct MemoryMetrics {
    /// Memory that the server has allocated, in bytes.
    #[metric(name = "memory_used_bytes")]
    used_memory: Option<f64>,

    /// Resident memory of the server, in bytes.
    #[metric(name = "memory_used_rss_bytes")]
    used_memory_rss: Option<f64>,

    /// Most memory that the server has ever allocated, in bytes.
    #[metric(name = "memory_used_peak_bytes")]
    used_memory_peak: Option<f64>,

    /// Memory of the server's internal data structures, in bytes.
    #[metric(name = "memory_used_overhead_bytes")]
    used_memory_overhead: Option<f64>,

    /// Memory that the server used after its start, in bytes.
    #[metric(name = "memory_used_startup_bytes")]
    used_memory_startup: Option<f64>,

    /// Memory of the data, in bytes.
    #[metric(name = "memory_used_dataset_bytes")]
    used_memory_dataset: Option<f64>,

    /// Memory of Lua, in bytes.
    #[metric(name = "memory_used_lua_bytes")]
    used_memory_lua: Option<f64>,

    /// Memory of scripts and functions, in bytes.
    #[metric(name = "memory_used_scripts_bytes")]
    used_memory_scripts: Option<f64>,

    /// Memory limit of the data, in bytes; 0 means no limit.
    #[metric(name = "memory_max_bytes")]
    maxmemory: Option<f64>,

    /// Scripts in the server's cache.
    number_of_cached_scripts: Option<f64>,

    /// Memory allocated from the allocator, in bytes.
    #[metric(name = "allocator_allocated_bytes")]
    allocator_allocated: Option<f64>,

    /// Memory in active pages of the allocator, in bytes.
    #[metric(name = "allocator_active_bytes")]
    allocator_active: Option<f64>,

    /// Resident memory of the allocator, in bytes.
    #[metric(name = "allocator_resident_bytes")]
    allocator_resident: Option<f64>,

    /// Ratio of active to allocated memory of the allocator.
    allocator_frag_ratio: Option<f64>,

    /// Active minus allocated memory of the allocator, in bytes.
    allocator_frag_bytes: Option<f64>,

    /// Ratio of resident to active memory of the allocator.
    allocator_rss_ratio: Option<f64>,

    /// Resident minus active memory of the allocator, in bytes.
    allocator_rss_bytes: Option<f64>,

    /// Ratio of resident to allocated memory of the server.
    mem_fragmentation_ratio: Option<f64>,

    /// Resident minus allocated memory of the server, in bytes.
    mem_fragmentation_bytes: Option<f64>,

    /// Memory of the buffers of replicas, in bytes.
    mem_clients_slaves: Option<f64>,

    /// Memory of the buffers of other clients, in bytes.
    mem_clients_normal: Option<f64>,

    /// Memory that does not count towards the memory limit, in bytes.
    #[metric(name = "mem_not_counted_for_eviction_bytes")]
    mem_not_counted_for_evict: Option<f64>,

    /// Processor time that defragmentation of memory may use, in percent; 0 if it is not running.
    active_defrag_running: Option<f64>,

    /// Objects that wait to be freed in the background.
    lazyfree_pending_objects: Option<f64>,

    /// Memory of the host, in bytes.
    #[metric(name = "total_system_memory_bytes")]
    pub(crate) total_system_memory: Option<f64>,

    /// Memory that the allocator has returned to the system lazily, in bytes.
    #[metric(name = "allocator_muzzy_bytes")]
    allocator_muzzy: Option<f64>,

    /// Memory of the script engine, in bytes.
    #[metric(name = "memory_used_vm_eval_bytes")]
    used_memory_vm_eval: Option<f64>,

    /// Memory of scripts outside of their engine, in bytes.
    #[metric(name = "memory_used_scripts_eval_bytes")]
    used_memory_scripts_eval: Option<f64>,

    /// Memory of the function engine, in bytes.
    #[metric(name = "memory_used_vm_functions_bytes")]
    used_memory_vm_functions: Option<f64>,

    /// Memory of functions outside of their engine, in bytes.
    #[metric(name = "memory_used_functions_bytes")]
    used_memory_functions: Option<f64>,

    /// Memory of the script and function engines, in bytes.
    #[metric(name = "memory_used_vm_total")]
    #[serde(default, deserialize_with = "gauge")]
    used_memory_vm_total: Option<Gauge>,

    /// Functions.
    number_of_functions: Option<f64>,

    /// Libraries of functions.
    number_of_libraries: Option<f64>,

    /// Memory reserved for other uses than data, in bytes.
    #[metric(name = "memory_max_reservation_bytes")]
    maxmemory_reservation: Option<f64>,

    /// Desired memory reservation for other uses than data, in bytes.
    #[metric(name = "memory_max_reservation_desired_bytes")]
    maxmemory_desired_reservation: Option<f64>,

    /// Memory reserved for fragmentation, in bytes.
    #[metric(name = "memory_max_fragmentation_reservation_bytes")]
    maxfragmentationmemory_reservation: Option<f64>,

    /// Desired memory reservation for fragmentation, in bytes.
    #[metric(name = "memory_max_fragmentation_reservation_desired_bytes")]
    maxfragmentationmemory_desired_reservation: Option<f64>,

    /// Memory of the links of a cluster, in bytes.
    #[metric(name = "mem_cluster_links_bytes")]
    mem_cluster_links: Option<f64>,

    /// Memory of the buffers of the append-only file, in bytes.
    #[metric(name = "mem_aof_buffer_bytes")]
    mem_aof_buffer: Option<f64>,

    /// Memory of the replication backlog, in bytes.
    #[metric(name = "mem_replication_backlog_bytes")]
    mem_replication_backlog: Option<f64>,

    /// Memory of all replication buffers, in bytes.
    #[metric(name = "mem_total_replication_buffers_bytes")]
    mem_total_replication_buffers: Option<f64>,

    /// Additional memory that the rehashing of databases uses, in bytes.
    #[metric(name = "mem_overhead_db_hashtable_rehashing_bytes")]
    mem_overhead_db_hashtable_rehashing: Option<f64>,

    /// Objects freed in the background.
    lazyfreed_objects: Option<f64>,
}
