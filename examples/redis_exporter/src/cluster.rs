//! Metrics from the reply to CLUSTER INFO.

use hello_exporter::{Collector, Gauge};
use serde::Deserialize;

use crate::info_metrics::gauge;

/// The fields of CLUSTER INFO in Redis 7. Each is named as Redis names it, with `_` for `-`.
#[derive(Collector, Deserialize)]
pub(crate) struct ClusterInfo {
    /// Whether the cluster can serve queries.
    cluster_state: Option<f64>,

    /// Slots that are assigned to a server.
    cluster_slots_assigned: Option<f64>,

    /// Slots whose server is healthy.
    cluster_slots_ok: Option<f64>,

    /// Slots whose server may have failed.
    cluster_slots_pfail: Option<f64>,

    /// Slots whose server has failed.
    cluster_slots_fail: Option<f64>,

    /// Servers of the cluster that this server knows.
    cluster_known_nodes: Option<f64>,

    /// Masters of the cluster that have slots.
    cluster_size: Option<f64>,

    /// Epoch of the cluster.
    cluster_current_epoch: Option<f64>,

    /// Epoch of this server.
    cluster_my_epoch: Option<f64>,

    /// Messages sent over the cluster bus.
    #[metric(name = "cluster_messages_sent_total")]
    #[serde(default, deserialize_with = "gauge")]
    cluster_stats_messages_sent: Option<Gauge>,

    /// Messages received over the cluster bus.
    #[metric(name = "cluster_messages_received_total")]
    #[serde(default, deserialize_with = "gauge")]
    cluster_stats_messages_received: Option<Gauge>,

    /// Messages of type ping sent.
    cluster_stats_messages_ping_sent: Option<f64>,

    /// Messages of type ping received.
    cluster_stats_messages_ping_received: Option<f64>,

    /// Messages of type pong sent.
    cluster_stats_messages_pong_sent: Option<f64>,

    /// Messages of type pong received.
    cluster_stats_messages_pong_received: Option<f64>,

    /// Messages of type meet sent.
    cluster_stats_messages_meet_sent: Option<f64>,

    /// Messages of type meet received.
    cluster_stats_messages_meet_received: Option<f64>,

    /// Messages of type fail sent.
    cluster_stats_messages_fail_sent: Option<f64>,

    /// Messages of type fail received.
    cluster_stats_messages_fail_received: Option<f64>,

    /// Messages of type publish sent.
    cluster_stats_messages_publish_sent: Option<f64>,

    /// Messages of type publish received.
    cluster_stats_messages_publish_received: Option<f64>,

    /// Messages of type auth-req sent.
    #[serde(rename = "cluster_stats_messages_auth-req_sent")]
    cluster_stats_messages_auth_req_sent: Option<f64>,

    /// Messages of type auth-req received.
    #[serde(rename = "cluster_stats_messages_auth-req_received")]
    cluster_stats_messages_auth_req_received: Option<f64>,

    /// Messages of type auth-ack sent.
    #[serde(rename = "cluster_stats_messages_auth-ack_sent")]
    cluster_stats_messages_auth_ack_sent: Option<f64>,

    /// Messages of type auth-ack received.
    #[serde(rename = "cluster_stats_messages_auth-ack_received")]
    cluster_stats_messages_auth_ack_received: Option<f64>,

    /// Messages of type update sent.
    cluster_stats_messages_update_sent: Option<f64>,

    /// Messages of type update received.
    cluster_stats_messages_update_received: Option<f64>,

    /// Messages of type mfstart sent.
    cluster_stats_messages_mfstart_sent: Option<f64>,

    /// Messages of type mfstart received.
    cluster_stats_messages_mfstart_received: Option<f64>,

    /// Messages of type module sent.
    cluster_stats_messages_module_sent: Option<f64>,

    /// Messages of type module received.
    cluster_stats_messages_module_received: Option<f64>,

    /// Messages of type publishshard sent.
    cluster_stats_messages_publishshard_sent: Option<f64>,

    /// Messages of type publishshard received.
    cluster_stats_messages_publishshard_received: Option<f64>,
}
