//! The [protocol buffer format](https://github.com/prometheus/client_model): messages of
//! `io.prometheus.client.MetricFamily`, each preceded by its length.
//!
//! The encoder reserves one byte for the length of a message, and moves the message if its length
//! needs more. Lengths are known before only in [`messages`](super::messages).

use std::sync::Arc;

use super::cursor::Cursor;
use super::sample::{Exemplar, HistogramPoint, PointValue, SummaryPoint};
use super::wire::{
    DELIMITED, FIXED_64, VARINT, Varint, begin, counter, double, end, end_reserved, family,
    histogram, integer, message, metric, signed, summary, tag, text,
};
use super::{Encoder, NativePoint, PlainMessages, Prepared, Sample, SampleValue};
use crate::desc::MetricType;
use crate::escape;
use crate::labels::RenderedLabels;
use crate::name::unquoted;

/// Appends an exposition to a buffer.
pub(crate) struct ProtobufEncoder<'a> {
    out: &'a mut Vec<u8>,
    /// The offset of the current family.
    family: usize,
    /// The number of bytes there that are reserved for its length.
    reserved: usize,
}

impl<'a> ProtobufEncoder<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, family: 0, reserved: 0 }
    }

    fn number(&mut self, metric_type: MetricType, value: SampleValue, sample: &Sample<'_>) {
        let value = value.as_f64();
        match metric_type {
            MetricType::Counter => message(metric::COUNTER, self.out, |out| {
                double(1, value, out);
                if let Some(exemplar) = sample.exemplars.first().and_then(Option::as_deref) {
                    append_exemplar(counter::EXEMPLAR, exemplar, out);
                }
                append_start(counter::CREATED_TIMESTAMP, sample, out);
            }),
            MetricType::Untyped => {
                message(metric::UNTYPED, self.out, |out| double(1, value, out));
            }
            _ => message(metric::GAUGE, self.out, |out| double(1, value, out)),
        }
    }

    fn histogram(&mut self, histogram: &HistogramPoint<'_>, sample: &Sample<'_>) {
        message(metric::HISTOGRAM, self.out, |out| {
            integer(1, histogram.count, out);
            double(2, histogram.sum, out);
            let are_plain = sample.exemplars.is_empty()
                && histogram.buckets.iter().all(|&(_, count)| count < Varint::LIMIT);
            if are_plain {
                append_plain_buckets(histogram.buckets, out);
            } else {
                append_buckets(histogram.buckets, sample.exemplars, out);
            }
            append_start(histogram::CREATED_TIMESTAMP, sample, out);
            if let Some(native) = histogram.native {
                append_native(&native.point(), sample, out);
            }
        });
    }

    fn summary(&mut self, summary: &SummaryPoint<'_>, sample: &Sample<'_>) {
        message(metric::SUMMARY, self.out, |out| {
            integer(1, summary.count, out);
            double(2, summary.sum, out);
            for &(quantile, value) in summary.quantiles {
                message(3, out, |out| {
                    double(1, quantile, out);
                    double(2, value, out);
                });
            }
            append_start(summary::CREATED_TIMESTAMP, sample, out);
        });
    }
}

impl Encoder for ProtobufEncoder<'_> {
    fn begin_family(&mut self, metric: &Prepared) {
        let desc = &metric.desc;
        self.family = self.out.len();
        self.reserved = metric.messages.family_length.bytes();
        self.out.resize(self.family + self.reserved, 0);
        text(family::NAME, desc.name(), self.out);
        text(family::HELP, &desc.exposed_help(), self.out);
        integer(family::TYPE, type_number(desc.metric_type()), self.out);
        if let Some(unit) = desc.unit() {
            text(family::UNIT, unit, self.out);
        }
    }

    fn plain_messages(&mut self) -> Option<PlainMessages<'_>> {
        Some(PlainMessages(self.out))
    }

    fn sample(&mut self, metric: &Prepared, labels: RenderedLabels<'_>, sample: &Sample<'_>) {
        let start = begin(family::METRIC, self.out);
        self.out.extend_from_slice(&metric.messages.const_labels);
        append_labels(labels, self.out);
        match &sample.value {
            PointValue::Number(value) => self.number(metric.desc.metric_type(), *value, sample),
            PointValue::Histogram(histogram) => self.histogram(histogram, sample),
            PointValue::Summary(summary) => self.summary(summary, sample),
        }
        if let Some(milliseconds) = sample.timestamp {
            integer(metric::TIMESTAMP, milliseconds.cast_unsigned(), self.out);
        }
        end(start, self.out);
    }

    fn end_family(&mut self, metric: &Prepared) {
        let bytes = end_reserved(self.family, self.reserved, self.out);
        metric.messages.family_length.set(bytes);
    }

    fn takes_exemplars(&self) -> bool {
        true
    }

    fn takes_start_timestamps(&self) -> bool {
        true
    }

    fn takes_native_histograms(&self) -> bool {
        true
    }

    fn mark(&self) -> usize {
        self.out.len()
    }

    fn rollback(&mut self, mark: usize) {
        self.out.truncate(mark);
    }
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

/// Returns the messages of labels.
pub(super) fn label_messages(labels: RenderedLabels<'_>) -> Vec<u8> {
    let mut messages = Vec::new();
    append_labels(labels, &mut messages);
    messages
}

fn append_labels(labels: RenderedLabels<'_>, out: &mut Vec<u8>) {
    for (name, value) in labels.escaped_pairs() {
        message(metric::LABEL, out, |out| {
            text(1, &unquoted(name), out);
            message(2, out, |out| {
                escape::unescaped(value).for_each(|piece| out.extend_from_slice(piece.as_bytes()));
            });
        });
    }
}

/// Appends classic buckets without exemplars, whose counts are below [`Varint::LIMIT`].
fn append_plain_buckets(buckets: &[(f64, u64)], out: &mut Vec<u8>) {
    let mut cursor = Cursor::new(out);
    for &(bound, count) in buckets {
        let count = Varint::new(count);
        let length = 1 + count.length + 1 + size_of::<f64>();
        let start = [tag(histogram::BUCKET, DELIMITED), length as u8, tag(1, VARINT)];
        cursor.prefix(&start, start.len());
        cursor.prefix(&count.word().to_le_bytes(), count.length);
        cursor.parts([&[tag(2, FIXED_64)], &bound.to_le_bytes()]);
    }
}

fn append_buckets(buckets: &[(f64, u64)], exemplars: &[Option<Arc<Exemplar>>], out: &mut Vec<u8>) {
    for (at, &(bound, count)) in buckets.iter().enumerate() {
        message(histogram::BUCKET, out, |out| {
            integer(1, count, out);
            double(2, bound, out);
            if let Some(exemplar) = exemplars.get(at).and_then(Option::as_deref) {
                append_exemplar(histogram::BUCKET_EXEMPLAR, exemplar, out);
            }
        });
    }
}

/// Appends the native part of a `Histogram`.
fn append_native(native: &NativePoint<'_>, sample: &Sample<'_>, out: &mut Vec<u8>) {
    signed(histogram::SCHEMA, native.schema.into(), out);
    double(histogram::ZERO_THRESHOLD, native.zero_threshold, out);
    integer(histogram::ZERO_COUNT, native.zero_count, out);
    let sides = [
        (histogram::NEGATIVE_SPAN, histogram::NEGATIVE_DELTA, native.negative),
        (histogram::POSITIVE_SPAN, histogram::POSITIVE_DELTA, native.positive),
    ];
    for (span_field, delta_field, side) in sides {
        for span in side.spans {
            message(span_field, out, |out| {
                signed(1, span.offset.into(), out);
                integer(2, span.length.into(), out);
            });
        }
        side.deltas.iter().for_each(|delta| signed(delta_field, *delta, out));
    }
    for exemplar in sample.exemplars.iter().flatten() {
        append_exemplar(histogram::EXEMPLARS, exemplar, out);
    }
}

/// Appends an `Exemplar`.
fn append_exemplar(field: u64, exemplar: &Exemplar, out: &mut Vec<u8>) {
    message(field, out, |out| {
        append_labels(RenderedLabels(exemplar.labels.as_bytes()), out);
        double(2, exemplar.value.as_f64(), out);
        append_time(3, exemplar.timestamp, out);
    });
}

/// Appends the start timestamp of a sample, if it has one.
fn append_start(field: u64, sample: &Sample<'_>, out: &mut Vec<u8>) {
    if let Some(start) = sample.start_timestamp {
        append_time(field, start, out);
    }
}

/// Appends a `google.protobuf.Timestamp`, whose nanoseconds count forward even before 1970.
fn append_time(field: u64, milliseconds: i64, out: &mut Vec<u8>) {
    let (seconds, rest) = (milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000));
    message(field, out, |out| {
        integer(1, seconds.cast_unsigned(), out);
        integer(2, rest.cast_unsigned() * 1_000_000, out);
    });
}
