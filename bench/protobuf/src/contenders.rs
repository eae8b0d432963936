//! The contenders' encoders of Prometheus protobuf: delimited messages
//! `io.prometheus.client.MetricFamily`.

use fastmetrics::format::protobuf::ProtobufProfile;
use hello_exporter::Format;
use prometheus::{Encoder as _, ProtobufEncoder};
use prometheus_client::encoding::prometheus_protobuf;
use prost::Message as _;
use speed::contenders::{Contender, Fastmetrics, Metrics, Ours, Prometheus, PrometheusClient};

/// A contender that writes Prometheus protobuf.
pub trait Protobuf: Contender {
    /// Appends the exposition to `buffer`.
    fn encode(counters: &Self::Counters, buffer: &mut Vec<u8>);
}

impl Protobuf for Ours {
    fn encode(counters: &Self::Counters, buffer: &mut Vec<u8>) {
        counters.registry.encode(Format::Protobuf, buffer);
    }
}

impl Protobuf for Prometheus {
    fn encode(counters: &Self::Counters, buffer: &mut Vec<u8>) {
        ProtobufEncoder::new().encode(&counters.registry.gather(), buffer).unwrap();
    }
}

impl Protobuf for PrometheusClient {
    fn encode(counters: &Self::Counters, buffer: &mut Vec<u8>) {
        encode_client(&counters.registry, buffer);
    }
}

/// Does the same as the library's `encode_to_vec`, but into a buffer that is kept.
pub fn encode_client(registry: &prometheus_client::registry::Registry, buffer: &mut Vec<u8>) {
    for family in prometheus_protobuf::encode(registry).unwrap() {
        family.encode_length_delimited(buffer).unwrap();
    }
}

impl Protobuf for Metrics {
    fn encode(counters: &Self::Counters, buffer: &mut Vec<u8>) {
        counters.handle.render_protobuf_to_write(buffer).unwrap();
    }
}

impl Protobuf for Fastmetrics {
    fn encode(counters: &Self::Counters, buffer: &mut Vec<u8>) {
        let profile = ProtobufProfile::Prometheus;
        fastmetrics::format::protobuf::encode(buffer, &counters.registry, profile).unwrap();
    }
}
