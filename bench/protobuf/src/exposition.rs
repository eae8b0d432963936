//! Readers of expositions, for the checks.

use prometheus_client::encoding::prometheus_protobuf::prometheus_data_model::{
    Metric, MetricFamily,
};
use prost::Message as _;

/// Returns the metrics of all families.
pub fn metrics(mut exposition: &[u8]) -> Vec<Metric> {
    let mut metrics = Vec::new();
    while !exposition.is_empty() {
        metrics.extend(MetricFamily::decode_length_delimited(&mut exposition).unwrap().metric);
    }
    metrics
}

/// Returns how many observations the only histogram has in native buckets.
pub fn native_count(exposition: &[u8]) -> f64 {
    let histogram = metrics(exposition).pop().unwrap().histogram.unwrap();
    let counts = histogram.positive_delta.iter().scan(0, |count, delta| {
        *count += delta;
        Some(*count)
    });
    counts.sum::<i64>() as f64
}
