//! The INFO lines of the search module, both Redis's and Valkey's.

use hello_exporter::{Collector, Gauge};
use serde::Deserialize;

use crate::info_metrics::gauge;

/// Each field is named after its INFO line.
///
/// Redis 8.0 renamed `search_bytes_collected`, `search_total_cycles` and `search_total_ms_run`:
/// their names there begin with `search_gc_`.
#[derive(Collector, Deserialize)]
pub(crate) struct SearchMetrics {
    /// Indexes of the module search.
    search_number_of_indexes: Option<f64>,

    /// Memory that the indexes take, in bytes.
    #[metric(name = "search_used_memory_indexes_bytes")]
    search_used_memory_indexes: Option<f64>,

    /// Whether a query has used dialect 1.
    search_dialect_1: Option<f64>,

    /// Whether a query has used dialect 2.
    search_dialect_2: Option<f64>,

    /// Whether a query has used dialect 3.
    search_dialect_3: Option<f64>,

    /// Whether a query has used dialect 4.
    search_dialect_4: Option<f64>,

    /// Idle cursors.
    search_global_idle: Option<f64>,

    /// Cursors, idle or not.
    // A plain value whose name ends in `_total` would have to be a counter.
    #[serde(default, deserialize_with = "gauge")]
    search_global_total: Option<Gauge>,

    /// Memory that the garbage collector of the indexes has freed, in bytes.
    #[metric(name = "search_collected_bytes")]
    search_bytes_collected: Option<f64>,

    /// Indexes that are in use.
    search_number_of_active_indexes: Option<f64>,

    /// Indexes with a running query.
    search_number_of_active_indexes_running_queries: Option<f64>,

    /// Indexes that are being written.
    search_number_of_active_indexes_indexing: Option<f64>,

    /// Threads that write indexes.
    search_total_active_write_threads: Option<f64>,

    /// Documents in all indexes.
    search_total_num_docs_in_indexes: Option<f64>,

    /// Memory that the smallest index takes, in bytes.
    #[metric(name = "search_smallest_memory_index_bytes")]
    search_smallest_memory_index: Option<f64>,

    /// Memory that the largest index takes, in bytes.
    #[metric(name = "search_largest_memory_index_bytes")]
    search_largest_memory_index: Option<f64>,

    /// Memory that the vector indexes take, in bytes.
    #[metric(name = "search_used_memory_vector_index_bytes")]
    search_used_memory_vector_index: Option<f64>,

    /// Idle cursors of users.
    search_global_idle_user: Option<f64>,

    /// Idle cursors of the cluster.
    search_global_idle_internal: Option<f64>,

    /// Cursors of users.
    search_global_total_user: Option<f64>,

    /// Cursors of the cluster.
    search_global_total_internal: Option<f64>,

    /// Memory that the garbage collector of the indexes has freed, in bytes.
    #[metric(name = "search_gc_collected_bytes")]
    search_gc_bytes_collected: Option<f64>,

    /// Documents that the garbage collector has not collected.
    search_gc_total_docs_not_collected: Option<f64>,

    /// Vectors that are marked as deleted.
    search_gc_marked_deleted_vectors: Option<f64>,

    /// Documents that could not be indexed.
    search_errors_indexing_failures: Option<f64>,

    /// Memory that the module search takes, in bytes.
    search_used_memory_bytes: Option<f64>,

    /// Attributes of all indexes.
    search_number_of_attributes: Option<f64>,

    /// Documents indexed, in all indexes.
    // Valkey sends this line, and Redis `search_total_num_docs_in_indexes`.
    search_total_indexed_documents: Option<f64>,

    /// Queries in the queue.
    search_query_queue_size: Option<f64>,

    /// Changes in the queue for indexing.
    search_writer_queue_size: Option<f64>,

    /// Interned strings.
    search_string_interning_store_size: Option<f64>,

    /// Vectors that could not be moved out of their hashes.
    search_vector_externing_hash_extern_errors: Option<f64>,

    /// Vectors in the LRU cache.
    search_vector_externing_num_lru_entries: Option<f64>,

    /// Time spent on indexing, in milliseconds.
    #[metric(counter, name = "search_indexing_time_ms_total")]
    search_total_indexing_time: Option<f64>,

    /// Runs of the garbage collector of the indexes.
    #[metric(counter, name = "search_cycles_total")]
    search_total_cycles: Option<f64>,

    /// Time spent in the garbage collector of the indexes, in milliseconds.
    #[metric(counter, name = "search_run_ms_total")]
    search_total_ms_run: Option<f64>,

    /// Runs of the garbage collector of the indexes.
    #[metric(counter, name = "search_gc_cycles_total")]
    search_gc_total_cycles: Option<f64>,

    /// Time spent in the garbage collector of the indexes, in milliseconds.
    #[metric(counter, name = "search_gc_run_ms_total")]
    search_gc_total_ms_run: Option<f64>,

    /// Queries processed.
    #[metric(counter, name = "search_queries_processed_total")]
    search_total_queries_processed: Option<f64>,

    /// Commands that are queries.
    #[metric(counter, name = "search_query_commands_total")]
    search_total_query_commands: Option<f64>,

    /// Time spent on queries, in milliseconds.
    #[metric(counter, name = "search_query_execution_time_ms_total")]
    search_total_query_execution_time_ms: Option<f64>,

    /// Queries that are running.
    // It can fall, but redis_exporter in Go exposes it as a counter.
    #[metric(counter, name = "search_active_queries_total")]
    search_total_active_queries: Option<f64>,

    /// How often the workers were suspended.
    #[metric(counter, name = "search_worker_pool_suspend_count")]
    search_worker_pool_suspend_cnt: Option<f64>,

    /// How often the writers were resumed.
    #[metric(counter, name = "search_writer_resumed_count")]
    search_writer_resumed_cnt: Option<f64>,

    /// How often the readers were resumed.
    #[metric(counter, name = "search_reader_resumed_count")]
    search_reader_resumed_cnt: Option<f64>,

    /// Suspensions of the writers that expired.
    #[metric(counter, name = "search_writer_suspension_expired_count")]
    search_writer_suspension_expired_cnt: Option<f64>,

    /// Indexes loaded.
    #[metric(counter, name = "search_rdb_load_success_count")]
    search_rdb_load_success_cnt: Option<f64>,

    /// Indexes that could not be loaded.
    #[metric(counter, name = "search_rdb_load_failure_count")]
    search_rdb_load_failure_cnt: Option<f64>,

    /// Indexes saved.
    #[metric(counter, name = "search_rdb_save_success_count")]
    search_rdb_save_success_cnt: Option<f64>,

    /// Indexes that could not be saved.
    #[metric(counter, name = "search_rdb_save_failure_count")]
    search_rdb_save_failure_cnt: Option<f64>,

    /// Queries that succeeded.
    #[metric(counter)]
    search_successful_requests_count: Option<f64>,

    /// Queries that failed.
    #[metric(counter)]
    search_failure_requests_count: Option<f64>,

    /// Vector queries with a filter.
    #[metric(counter)]
    search_hybrid_requests_count: Option<f64>,

    /// Vector queries with inline filtering.
    #[metric(counter)]
    search_inline_filtering_requests_count: Option<f64>,

    /// Vectors that could not be added to an HNSW index.
    #[metric(counter)]
    search_hnsw_add_exceptions_count: Option<f64>,

    /// Vectors that could not be removed from an HNSW index.
    #[metric(counter)]
    search_hnsw_remove_exceptions_count: Option<f64>,

    /// Vectors that could not be changed in an HNSW index.
    #[metric(counter)]
    search_hnsw_modify_exceptions_count: Option<f64>,

    /// Searches of an HNSW index that failed.
    #[metric(counter)]
    search_hnsw_search_exceptions_count: Option<f64>,

    /// HNSW indexes that could not be created.
    #[metric(counter)]
    search_hnsw_create_exceptions_count: Option<f64>,

    /// Vectors moved out of their hashes.
    #[metric(counter)]
    search_vector_externing_entry_count: Option<f64>,

    /// Hashes that were put together again from moved vectors.
    #[metric(counter, name = "search_vector_externing_generated_value_count")]
    search_vector_externing_generated_value_cnt: Option<f64>,

    /// Uses of vectors in the LRU cache.
    #[metric(counter, name = "search_vector_externing_lru_promote_count")]
    search_vector_externing_lru_promote_cnt: Option<f64>,

    /// Vectors whose move was deferred.
    #[metric(counter, name = "search_vector_externing_deferred_entry_count")]
    search_vector_externing_deferred_entry_cnt: Option<f64>,
}
