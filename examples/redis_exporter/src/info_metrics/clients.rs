//! INFO, section Clients: its clients.

use hello_exporter::Collector;
use serde::Deserialize;

#[derive(Collector, Deserialize)]
pub(crate) struct ClientsMetrics {
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

    /// Most connections of clients.
    #[metric(name = "max_clients")]
    pub(crate) maxclients: Option<f64>,

    /// Longest list of replies among the connections of now, before Redis 5.
    client_longest_output_list: Option<f64>,

    /// Largest input buffer among the connections of now, before Redis 5.
    client_biggest_input_buf: Option<f64>,

    /// Clients in subscription mode.
    pubsub_clients: Option<f64>,

    /// Clients that watch keys.
    watching_clients: Option<f64>,

    /// Keys that are watched.
    total_watched_keys: Option<f64>,

    /// Keys that clients wait for.
    total_blocking_keys: Option<f64>,

    /// Keys that clients wait for and that are to unblock them when they are deleted.
    total_blocking_keys_on_nokey: Option<f64>,

    /// Thread of the KeyDB client that asks.
    current_client_thread: Option<f64>,
}
