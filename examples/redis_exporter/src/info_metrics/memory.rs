//! INFO, section Memory: its memory.

use hello_exporter::{Collector, Gauge};
use serde::Deserialize;

use super::gauge;

#[derive(Collector, Deserialize)]
pub(crate) struct MemoryMetrics {
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

    /// Memory that the host has, in bytes.
    #[metric(name = "total_system_memory_bytes")]
    pub(crate) total_system_memory: Option<f64>,

    /// Memory that the allocator has returned to the system lazily, in bytes.
    #[metric(name = "allocator_muzzy_bytes")]
    allocator_muzzy: Option<f64>,

    /// Memory that the engine of scripts takes, in bytes.
    #[metric(name = "memory_used_vm_eval_bytes")]
    used_memory_vm_eval: Option<f64>,

    /// Memory that scripts take outside of their engine, in bytes.
    #[metric(name = "memory_used_scripts_eval_bytes")]
    used_memory_scripts_eval: Option<f64>,

    /// Memory that the engine of functions takes, in bytes.
    #[metric(name = "memory_used_vm_functions_bytes")]
    used_memory_vm_functions: Option<f64>,

    /// Memory that functions take outside of their engine, in bytes.
    #[metric(name = "memory_used_functions_bytes")]
    used_memory_functions: Option<f64>,

    /// Memory that the engines of scripts and functions take, in bytes.
    #[metric(name = "memory_used_vm_total")]
    #[serde(default, deserialize_with = "gauge")]
    used_memory_vm_total: Option<Gauge>,

    /// Functions.
    number_of_functions: Option<f64>,

    /// Libraries of functions.
    number_of_libraries: Option<f64>,

    /// Memory set aside for other things than data, in bytes.
    #[metric(name = "memory_max_reservation_bytes")]
    maxmemory_reservation: Option<f64>,

    /// Memory to be set aside for other things than data, in bytes.
    #[metric(name = "memory_max_reservation_desired_bytes")]
    maxmemory_desired_reservation: Option<f64>,

    /// Memory set aside for fragmentation, in bytes.
    #[metric(name = "memory_max_fragmentation_reservation_bytes")]
    maxfragmentationmemory_reservation: Option<f64>,

    /// Memory to be set aside for fragmentation, in bytes.
    #[metric(name = "memory_max_fragmentation_reservation_desired_bytes")]
    maxfragmentationmemory_desired_reservation: Option<f64>,

    /// Memory that the links of a cluster take, in bytes.
    #[metric(name = "mem_cluster_links_bytes")]
    mem_cluster_links: Option<f64>,

    /// Memory that the buffers of the append-only file take, in bytes.
    #[metric(name = "mem_aof_buffer_bytes")]
    mem_aof_buffer: Option<f64>,

    /// Memory that the buffer for partial synchronisations takes, in bytes.
    #[metric(name = "mem_replication_backlog_bytes")]
    mem_replication_backlog: Option<f64>,

    /// Memory that all buffers of the replication take, in bytes.
    #[metric(name = "mem_total_replication_buffers_bytes")]
    mem_total_replication_buffers: Option<f64>,

    /// Memory that rehashing of databases takes in addition, in bytes.
    #[metric(name = "mem_overhead_db_hashtable_rehashing_bytes")]
    mem_overhead_db_hashtable_rehashing: Option<f64>,

    /// Objects freed in the background.
    lazyfreed_objects: Option<f64>,
}
