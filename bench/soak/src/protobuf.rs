//! The protocol buffer format: the checked parts of the messages in
//! [client_model](https://github.com/prometheus/client_model).

use prost::Message;

use crate::BoxError;
use crate::exposition::{Buckets, Exposition, Label, Reader};

#[derive(Clone, PartialEq, Message)]
struct MetricFamily {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "4")]
    metric: Vec<Metric>,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(message, repeated, tag = "1")]
    label: Vec<LabelPair>,
    #[prost(message, tag = "2")]
    gauge: Option<Number>,
    #[prost(message, tag = "3")]
    counter: Option<Number>,
    #[prost(message, tag = "5")]
    untyped: Option<Number>,
    #[prost(message, tag = "7")]
    histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct LabelPair {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Number {
    #[prost(double, tag = "1")]
    value: f64,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(uint64, tag = "1")]
    sample_count: u64,
    #[prost(double, tag = "2")]
    sample_sum: f64,
    #[prost(message, repeated, tag = "3")]
    bucket: Vec<Bucket>,
    #[prost(uint64, tag = "7")]
    zero_count: u64,
    #[prost(message, repeated, tag = "12")]
    positive_span: Vec<Span>,
    #[prost(sint64, repeated, packed = "false", tag = "13")]
    positive_delta: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, tag = "1")]
    cumulative_count: u64,
    #[prost(double, tag = "2")]
    upper_bound: f64,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(uint32, tag = "2")]
    length: u32,
}

/// Reads a whole exposition.
pub fn read(mut body: &[u8]) -> Result<Exposition, BoxError> {
    let mut reader = Reader::default();
    while !body.is_empty() {
        let family = MetricFamily::decode_length_delimited(&mut body)?;
        reader.add_family(&family.name)?;
        for metric in family.metric {
            let name = family.name.clone();
            add(&mut reader, &name, metric).map_err(|error| format!("{error}: {name}"))?;
        }
    }
    reader.finish()
}

fn add(reader: &mut Reader, name: &str, metric: Metric) -> Result<(), BoxError> {
    let labels: Vec<Label> = metric.label.into_iter().map(LabelPair::escaped).collect();
    match (metric.gauge.or(metric.counter).or(metric.untyped), metric.histogram) {
        (Some(Number { value }), None) => reader.add(name, labels, value),
        (None, Some(histogram)) => histogram.add_to(reader, name, &labels),
        _ => Err("no value, or more than one".into()),
    }
}

impl LabelPair {
    fn escaped(self) -> Label {
        let value = self.value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        (self.name, value)
    }
}

impl Histogram {
    /// Checks the buckets, and adds the same samples as the text format has.
    fn add_to(self, reader: &mut Reader, name: &str, labels: &[Label]) -> Result<(), BoxError> {
        let count = self.sample_count as f64;
        let mut buckets = Buckets::default();
        for Bucket { cumulative_count, upper_bound } in &self.bucket {
            let value = *cumulative_count as f64;
            buckets.add(*upper_bound, value)?;
            let mut labels = labels.to_vec();
            labels.push(("le".to_owned(), upper_bound.to_string()));
            reader.add(&format!("{name}_bucket"), labels, value)?;
        }
        if !self.bucket.is_empty() {
            buckets.add(f64::INFINITY, count).or_else(|_| buckets.finish(count))?;
        }
        self.check_native()?;
        reader.add(&format!("{name}_count"), labels.to_vec(), count)?;
        reader.add(&format!("{name}_sum"), labels.to_vec(), self.sample_sum)
    }

    /// Checks that the native buckets contain all observations, if the histogram has any.
    fn check_native(&self) -> Result<(), BoxError> {
        let length: u32 = self.positive_span.iter().map(|span| span.length).sum();
        if length as usize != self.positive_delta.len() {
            return Err("the spans do not have as many buckets as there are deltas".into());
        }
        let counts = self.positive_delta.iter().scan(0_i64, |count, delta| {
            *count += delta;
            Some(*count)
        });
        let counts: Vec<u64> = counts.map(u64::try_from).collect::<Result<_, _>>()?;
        let sum = counts.iter().sum::<u64>() + self.zero_count;
        match sum == self.sample_count || self.positive_span.is_empty() {
            true => Ok(()),
            false => {
                Err(format!("{sum} of {} observations in native buckets", self.sample_count).into())
            }
        }
    }
}
