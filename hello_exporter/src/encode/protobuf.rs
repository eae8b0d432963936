//! The [protocol buffer format](https://github.com/prometheus/client_model): messages of
//! `io.prometheus.client.MetricFamily`, each preceded by its length.
//!
//! The encoder reserves one byte for the length of a message, and moves the message if its length
//! needs more.

use super::sample::{HistogramPoint, PointValue, SummaryPoint};
use super::{Encoder, Prepared, Sample, SampleValue};
use crate::desc::MetricType;
use crate::escape;
use crate::labels::RenderedLabels;

/// Appends an exposition to a buffer.
pub(crate) struct ProtobufEncoder<'a> {
    out: &'a mut Vec<u8>,
    scratch: &'a mut ProtobufScratch,
    /// The offset of the current family.
    family: usize,
}

/// Buffers that later scrapes reuse.
#[derive(Default)]
pub(crate) struct ProtobufScratch {
    /// The constant labels of the metric, as messages.
    const_labels: Vec<u8>,
}

impl<'a> ProtobufEncoder<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, scratch: &'a mut ProtobufScratch) -> Self {
        Self { out, scratch, family: 0 }
    }

    fn labels(&mut self, labels: RenderedLabels<'_>) {
        self.out.extend_from_slice(&self.scratch.const_labels);
        append_labels(labels, self.out);
    }

    fn number(&mut self, metric_type: MetricType, value: SampleValue) {
        let field = match metric_type {
            MetricType::Counter => metric::COUNTER,
            MetricType::Untyped => metric::UNTYPED,
            _ => metric::GAUGE,
        };
        message(field, self.out, |out| double(1, value.as_f64(), out));
    }

    fn histogram(&mut self, histogram: &HistogramPoint<'_>) {
        message(metric::HISTOGRAM, self.out, |out| {
            integer(1, histogram.count, out);
            double(2, histogram.sum, out);
            for &(bound, count) in histogram.buckets {
                message(3, out, |out| {
                    integer(1, count, out);
                    double(2, bound, out);
                });
            }
        });
    }

    fn summary(&mut self, summary: &SummaryPoint<'_>) {
        message(metric::SUMMARY, self.out, |out| {
            integer(1, summary.count, out);
            double(2, summary.sum, out);
            for &(quantile, value) in summary.quantiles {
                message(3, out, |out| {
                    double(1, quantile, out);
                    double(2, value, out);
                });
            }
        });
    }
}

impl Encoder for ProtobufEncoder<'_> {
    fn begin_family(&mut self, metric: &Prepared) {
        let desc = &metric.desc;
        self.family = self.out.len();
        self.out.push(0);
        text(family::NAME, desc.name(), self.out);
        text(family::HELP, desc.help(), self.out);
        integer(family::TYPE, type_number(desc.metric_type()), self.out);
        if let Some(unit) = desc.unit() {
            text(family::UNIT, unit, self.out);
        }
    }

    fn begin_metric(&mut self, metric: &Prepared) {
        self.scratch.const_labels.clear();
        let const_labels = RenderedLabels(metric.const_labels.as_bytes());
        append_labels(const_labels, &mut self.scratch.const_labels);
    }

    fn sample(&mut self, metric: &Prepared, labels: RenderedLabels<'_>, sample: &Sample<'_>) {
        let start = begin(family::METRIC, self.out);
        self.labels(labels);
        match &sample.value {
            PointValue::Number(value) => self.number(metric.desc.metric_type(), *value),
            PointValue::Histogram(histogram) => self.histogram(histogram),
            PointValue::Summary(summary) => self.summary(summary),
        }
        if let Some(milliseconds) = sample.timestamp {
            integer(metric::TIMESTAMP, milliseconds.cast_unsigned(), self.out);
        }
        end(start, self.out);
    }

    fn end_family(&mut self) {
        end(self.family, self.out);
    }

    fn mark(&self) -> usize {
        self.out.len()
    }

    fn rollback(&mut self, mark: usize) {
        self.out.truncate(mark);
    }
}

/// The fields of a `MetricFamily`.
mod family {
    pub(super) const NAME: u64 = 1;
    pub(super) const HELP: u64 = 2;
    pub(super) const TYPE: u64 = 3;
    pub(super) const METRIC: u64 = 4;
    pub(super) const UNIT: u64 = 5;
}

/// The fields of a `Metric`.
mod metric {
    pub(super) const LABEL: u64 = 1;
    pub(super) const GAUGE: u64 = 2;
    pub(super) const COUNTER: u64 = 3;
    pub(super) const SUMMARY: u64 = 4;
    pub(super) const UNTYPED: u64 = 5;
    pub(super) const TIMESTAMP: u64 = 6;
    pub(super) const HISTOGRAM: u64 = 7;
}

/// Returns the number of a type. The format has no infos and state sets: they are gauges.
fn type_number(metric_type: MetricType) -> u64 {
    match metric_type {
        MetricType::Counter => 0,
        MetricType::Gauge | MetricType::Info | MetricType::StateSet => 1,
        MetricType::Summary => 2,
        MetricType::Untyped => 3,
        MetricType::Histogram => 4,
    }
}

fn append_labels(labels: RenderedLabels<'_>, out: &mut Vec<u8>) {
    for (name, value) in labels.escaped_pairs() {
        message(metric::LABEL, out, |out| {
            text(1, name, out);
            message(2, out, |out| {
                escape::unescaped(value).for_each(|piece| out.extend_from_slice(piece.as_bytes()));
            });
        });
    }
}

const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const DELIMITED: u64 = 2;

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn integer(field: u64, value: u64, out: &mut Vec<u8>) {
    varint(field << 3 | VARINT, out);
    varint(value, out);
}

fn double(field: u64, value: f64, out: &mut Vec<u8>) {
    varint(field << 3 | FIXED_64, out);
    out.extend_from_slice(&value.to_le_bytes());
}

fn text(field: u64, value: &str, out: &mut Vec<u8>) {
    varint(field << 3 | DELIMITED, out);
    varint(value.len() as u64, out);
    out.extend_from_slice(value.as_bytes());
}

/// Appends a message in a message, or a text of unknown length.
fn message(field: u64, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = begin(field, out);
    write(out);
    end(start, out);
}

/// Begins a message, and returns the offset of its length.
fn begin(field: u64, out: &mut Vec<u8>) -> usize {
    varint(field << 3 | DELIMITED, out);
    out.push(0);
    out.len() - 1
}

/// Ends a message: writes its length to the offset `start`, where one byte is reserved.
fn end(start: usize, out: &mut Vec<u8>) {
    let mut length = (out.len() - start - 1) as u64;
    let more = (length.max(1).ilog2() / 7) as usize;
    let written = start + 1..out.len();
    if more > 0 {
        out.resize(written.end + more, 0);
        out.copy_within(written, start + 1 + more);
    }
    for byte in out.iter_mut().skip(start).take(more) {
        *byte = length as u8 | 0x80;
        length >>= 7;
    }
    if let Some(last) = out.get_mut(start + more) {
        *last = length as u8;
    }
}
