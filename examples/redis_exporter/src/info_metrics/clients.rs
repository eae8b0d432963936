//! INFO, section Clients.

use hello_exporter::Collector;
use serde::Deserialize;

#[derive(Collector, Deserialize)]
pub(crate) struct ClientsMetrics {
    /// Client connections, without those of replicas.
    connected_clients: Option<f64>,

    /// Approximate number of sockets of the cluster bus.
    cluster_connections: Option<f64>,

    /// Largest input buffer of the current connections, in bytes.
    #[metric(name = "client_recent_max_input_buffer_bytes")]
    client_recent_max_input_buffer: Option<f64>,

    /// Largest output buffer of the current connections, in bytes.
    #[metric(name = "client_recent_max_output_buffer_bytes")]
    client_recent_max_output_buffer: Option<f64>,

    /// Clients that wait in a blocking command.
    blocked_clients: Option<f64>,

    /// Clients whose keys are tracked for client-side caching.
    tracking_clients: Option<f64>,

    /// Clients that wait in a blocking command with a timeout.
    clients_in_timeout_table: Option<f64>,

    /// Limit of client connections.
    #[metric(name = "max_clients")]
    pub(crate) maxclients: Option<f64>,

    /// Longest list of replies of the current connections, before Redis 5.
    client_longest_output_list: Option<f64>,

    /// Largest input buffer of the current connections, in bytes, before Redis 5.
    client_biggest_input_buf: Option<f64>,

    /// Clients in subscription mode.
    pubsub_clients: Option<f64>,

    /// Clients that watch keys.
    watching_clients: Option<f64>,

    /// Keys that are watched.
    total_watched_keys: Option<f64>,

    /// Keys that clients are blocked on.
    total_blocking_keys: Option<f64>,

    /// Keys that clients are blocked on, and whose deletion unblocks them.
    total_blocking_keys_on_nokey: Option<f64>,

    /// Thread that serves this connection to KeyDB.
    current_client_thread: Option<f64>,
}
