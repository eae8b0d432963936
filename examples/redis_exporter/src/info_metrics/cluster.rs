//! INFO, section Cluster.

use hello_exporter::Collector;
use serde::Deserialize;

#[derive(Collector, Deserialize)]
pub(crate) struct ClusterMetrics {
    /// Whether the server is part of a cluster.
    cluster_enabled: Option<f64>,
}
