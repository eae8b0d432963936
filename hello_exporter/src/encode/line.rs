//! What the two text formats share: lines.
//!
//! What a line begins with is rendered before, when the metric is registered and when its series are
//! created, and copied. Only values are formatted.

use std::marker::PhantomData;

use super::cursor::Cursor;
use super::number::{self, RenderedBounds, append_bound};
use super::sample::{Exemplar, HistogramPoint, PointValue, SummaryPoint};
use super::{Encoder, Prepared, Sample, SampleValue, Start};
use crate::labels::LabelBlock;

/// In what the two text formats differ.
pub(crate) trait Dialect {
    /// Whether bounds are written as floats, with a point.
    const FLOAT_BOUNDS: bool;
    /// Whether samples can carry exemplars.
    const EXEMPLARS: bool;
    /// What ends an exposition.
    const END: &'static str;

    /// HELP, TYPE and what else stands in front of a family.
    fn head(metric: &Prepared) -> &str;

    fn append_timestamp(milliseconds: i64, out: &mut Vec<u8>);
}

/// Appends an exposition in one of the text formats to a buffer.
pub(crate) struct Lines<'a, D> {
    out: &'a mut Vec<u8>,
    takes_exemplars: bool,
    dialect: PhantomData<D>,
}

impl<'a, D: Dialect> Lines<'a, D> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, takes_exemplars: false, dialect: PhantomData }
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// A sample, with all that it can carry.
    fn line(&mut self, start: &Start, labels: LabelBlock<'_>, value: SampleValue, tail: Tail<'_>) {
        let parts: [&[u8]; 3] = match labels.is_empty() {
            true => [start.bare.as_bytes(), b"", b""],
            false => [start.open.as_bytes(), labels.0, b"} "],
        };
        Cursor::new(self.out).number(parts, value, b"");
        self.end_line(tail);
    }

    fn end_line(&mut self, Tail { timestamp, exemplar }: Tail<'_>) {
        if let Some(milliseconds) = timestamp {
            self.push(" ");
            D::append_timestamp(milliseconds, self.out);
        }
        if let Some(exemplar) = exemplar.filter(|_| D::EXEMPLARS) {
            let parts = [b" # {", exemplar.block.as_bytes(), b"} "];
            Cursor::new(self.out).number(parts, exemplar.value, b" ");
            D::append_timestamp(exemplar.timestamp, self.out);
        }
        self.push("\n");
    }

    /// Writes all buckets of a histogram whose bounds are rendered, and which have nothing behind their
    /// counts.
    fn plain_buckets(
        &mut self,
        start: &Start,
        labels: LabelBlock<'_>,
        histogram: &HistogramPoint<'_>,
        rendered: &RenderedBounds,
    ) {
        let mut cursor = Cursor::new(self.out);
        let bounds = rendered.iter(D::FLOAT_BOUNDS, labels.is_empty());
        for (bound, &(_, count)) in bounds.zip(histogram.buckets) {
            cursor.number([start.open.as_bytes(), labels.0, bound], count.into(), b"\n");
        }
    }

    /// A sample with a label that the type brings, the last one in its braces.
    fn bounded(
        &mut self,
        start: &Start,
        labels: LabelBlock<'_>,
        (name, bound): (&str, f64),
        value: SampleValue,
        tail: Tail<'_>,
    ) {
        self.push(&start.open);
        if !labels.is_empty() {
            self.out.extend_from_slice(labels.0);
            self.push(",");
        }
        self.push(name);
        self.push("=\"");
        append_bound(bound, D::FLOAT_BOUNDS, self.out);
        self.push("\"} ");
        number::append(value, self.out);
        self.end_line(tail);
    }

    fn buckets(
        &mut self,
        start: &Start,
        labels: LabelBlock<'_>,
        histogram: &HistogramPoint<'_>,
        point: &Sample<'_>,
    ) {
        let last = (!histogram.is_closed()).then_some((f64::INFINITY, histogram.count));
        let buckets = histogram.buckets.iter().copied().chain(last);
        for (at, (bound, count)) in buckets.enumerate() {
            let exemplar = point.exemplars.get(at).and_then(Option::as_deref);
            let tail = Tail { timestamp: point.timestamp, exemplar };
            self.bounded(start, labels, ("le", bound), count.into(), tail);
        }
    }

    fn histogram(
        &mut self,
        metric: &Prepared,
        labels: LabelBlock<'_>,
        histogram: &HistogramPoint<'_>,
        point: &Sample<'_>,
    ) {
        let is_plain = point.timestamp.is_none() && point.exemplars.is_empty();
        match histogram.rendered.filter(|_| is_plain) {
            Some(rendered) => self.plain_buckets(&metric.bucket, labels, histogram, rendered),
            None => self.buckets(&metric.bucket, labels, histogram, point),
        }
        let tail = Tail::of(point.timestamp);
        self.line(&metric.sum, labels, histogram.sum.into(), tail);
        self.line(&metric.count, labels, histogram.count.into(), tail);
    }

    fn summary(
        &mut self,
        metric: &Prepared,
        labels: LabelBlock<'_>,
        summary: &SummaryPoint<'_>,
        timestamp: Option<i64>,
    ) {
        let tail = Tail::of(timestamp);
        for &(quantile, value) in summary.quantiles {
            let bound = ("quantile", quantile);
            self.bounded(&metric.sample, labels, bound, value.into(), tail);
        }
        self.line(&metric.sum, labels, summary.sum.into(), tail);
        self.line(&metric.count, labels, summary.count.into(), tail);
    }

    fn sample(
        &mut self,
        metric: &Prepared,
        labels: LabelBlock<'_>,
        value: SampleValue,
        point: &Sample<'_>,
    ) {
        let exemplar = point.exemplars.first().and_then(Option::as_deref);
        let tail = Tail { timestamp: point.timestamp, exemplar };
        self.line(&metric.sample, labels, value, tail);
    }
}

impl<D: Dialect> Encoder for Lines<'_, D> {
    fn begin_family(&mut self, metric: &Prepared) {
        self.takes_exemplars = D::EXEMPLARS && metric.takes_exemplars;
        self.push(D::head(metric));
    }

    fn plain_lines(&mut self) -> Option<PlainLines<'_>> {
        Some(PlainLines(self.out))
    }

    fn point(&mut self, metric: &Prepared, labels: LabelBlock<'_>, point: &Sample<'_>) {
        match &point.value {
            PointValue::Number(value) => self.sample(metric, labels, *value, point),
            PointValue::Histogram(histogram) => self.histogram(metric, labels, histogram, point),
            PointValue::Summary(summary) => self.summary(metric, labels, summary, point.timestamp),
        }
    }

    fn finish(&mut self) {
        self.push(D::END);
    }

    fn takes_exemplars(&self) -> bool {
        self.takes_exemplars
    }

    fn mark(&self) -> usize {
        self.out.len()
    }

    fn rollback(&mut self, mark: usize) {
        self.out.truncate(mark);
    }
}

/// What can follow the value of a sample.
#[derive(Clone, Copy)]
struct Tail<'a> {
    timestamp: Option<i64>,
    exemplar: Option<&'a Exemplar>,
}

impl Tail<'_> {
    fn of(timestamp: Option<i64>) -> Self {
        Self { timestamp, exemplar: None }
    }
}

/// Appends lines that are the same in both dialects.
pub(crate) struct PlainLines<'l>(&'l mut Vec<u8>);

impl PlainLines<'_> {
    /// Samples with labels, and nothing behind their values.
    #[inline]
    pub(crate) fn append<'b>(
        self,
        start: &Start,
        samples: impl Iterator<Item = (LabelBlock<'b>, SampleValue)>,
    ) {
        let mut cursor = Cursor::new(self.0);
        samples.for_each(|(labels, value)| {
            cursor.number([start.open.as_bytes(), labels.0, b"} "], value, b"\n");
        });
    }
}
