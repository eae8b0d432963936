//! What the two text formats share: lines.
//!
//! A line is put together in a small array and appended to the exposition in one copy. What all samples
//! of a metric begin with stays in the array from one line to the next.

use std::marker::PhantomData;

use super::number::{NumberBuffer, RenderedBounds, append_bound};
use super::point::{Exemplar, HistogramPoint, PointValue, SummaryPoint};
use super::{Encoder, Number, Point};
use crate::desc::{Prepared, Start};
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

    /// Whether a histogram may tell the sum of its observations, and, beside the last bucket, their count.
    fn has_totals(histogram: &HistogramPoint<'_>) -> bool;

    /// Whether this may be the sum of what a summary has observed.
    fn is_sum(value: f64) -> bool;

    /// Whether this may be the value of a quantile.
    fn is_quantile(value: f64) -> bool;
}

/// Appends an exposition in one of the text formats to a buffer.
pub(crate) struct Lines<'a, D> {
    out: &'a mut Vec<u8>,
    line: Line,
    number: NumberBuffer,
    dialect: PhantomData<D>,
}

impl<'a, D: Dialect> Lines<'a, D> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        let (line, number) = (Line::new(), NumberBuffer::new());
        Self { out, line, number, dialect: PhantomData }
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Writes a sample whose start, with its open brace, is in the line already.
    #[inline]
    fn short_sample(&mut self, labels: LabelBlock<'_>, value: Number) -> Option<()> {
        let end = self.line.put(self.line.kept, labels.0)?;
        let end = self.line.put(end, b"} ")?;
        let end = self.line.put_short(end, self.number.format(value))?;
        let end = self.line.put(end, b"\n")?;
        self.out.extend_from_slice(self.line.bytes.get(..end)?);
        Some(())
    }

    /// A sample of any length, with all that it can carry.
    fn long_sample(
        &mut self,
        start: &Start,
        labels: LabelBlock<'_>,
        value: Number,
        tail: Tail<'_>,
    ) {
        if labels.is_empty() {
            self.push(&start.bare);
        } else {
            self.push(&start.open);
            self.out.extend_from_slice(labels.0);
            self.push("} ");
        }
        self.end_line(value, tail);
    }

    fn end_line(&mut self, value: Number, Tail { timestamp, exemplar }: Tail<'_>) {
        self.out.extend_from_slice(self.number.format(value));
        if let Some(milliseconds) = timestamp {
            self.push(" ");
            D::append_timestamp(milliseconds, self.out);
        }
        if let Some(exemplar) = exemplar.filter(|_| D::EXEMPLARS) {
            for part in [" # {", &exemplar.block, "} "] {
                self.push(part);
            }
            self.out.extend_from_slice(self.number.format(exemplar.value));
            self.push(" ");
            D::append_timestamp(exemplar.timestamp, self.out);
        }
        self.push("\n");
    }

    /// Writes all buckets of a histogram, its line put together once but for the bounds and counts.
    fn short_buckets(
        &mut self,
        start: &Start,
        labels: LabelBlock<'_>,
        histogram: &HistogramPoint<'_>,
        rendered: &RenderedBounds,
    ) -> Option<()> {
        let common = self.line.put(0, start.open.as_bytes())?;
        let common = self.line.put(common, labels.0)?;
        let separator: &[u8] = if labels.is_empty() { b"le=\"" } else { b",le=\"" };
        let common = self.line.put(common, separator)?;
        for (bound, &(_, count)) in rendered.iter(D::FLOAT_BOUNDS).zip(histogram.buckets) {
            let end = self.line.put(common, bound.as_bytes())?;
            let end = self.line.put_short(end, self.number.format(count.into()))?;
            let end = self.line.put(end, b"\n")?;
            self.out.extend_from_slice(self.line.bytes.get(..end)?);
        }
        Some(())
    }

    /// A sample with a label that the type brings, the last one in its braces.
    fn bounded(
        &mut self,
        start: &Start,
        labels: LabelBlock<'_>,
        (name, bound): (&str, f64),
        value: Number,
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
        self.end_line(value, tail);
    }

    fn buckets(
        &mut self,
        start: &Start,
        labels: LabelBlock<'_>,
        histogram: &HistogramPoint<'_>,
        point: &Point<'_>,
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
        point: &Point<'_>,
    ) {
        let mark = self.out.len();
        let is_plain = point.timestamp.is_none() && point.exemplars.is_empty();
        let rendered = histogram.rendered.filter(|_| is_plain);
        let is_written = rendered
            .and_then(|rendered| self.short_buckets(&metric.bucket, labels, histogram, rendered));
        if is_written.is_none() {
            self.out.truncate(mark);
            self.buckets(&metric.bucket, labels, histogram, point);
        }
        let tail = Tail::of(point.timestamp);
        if D::has_totals(histogram) {
            self.long_sample(&metric.sum, labels, histogram.sum.into(), tail);
            self.long_sample(&metric.count, labels, histogram.count.into(), tail);
        }
    }

    fn summary(
        &mut self,
        metric: &Prepared,
        labels: LabelBlock<'_>,
        summary: &SummaryPoint<'_>,
        timestamp: Option<i64>,
    ) {
        let tail = Tail::of(timestamp);
        for &(quantile, value) in summary.quantiles.iter().filter(|it| D::is_quantile(it.1)) {
            let bound = ("quantile", quantile);
            self.bounded(&metric.sample, labels, bound, value.into(), tail);
        }
        if D::is_sum(summary.sum) {
            self.long_sample(&metric.sum, labels, summary.sum.into(), tail);
        }
        self.long_sample(&metric.count, labels, summary.count.into(), tail);
    }

    #[inline]
    fn sample(
        &mut self,
        metric: &Prepared,
        labels: LabelBlock<'_>,
        value: Number,
        point: &Point<'_>,
    ) {
        let is_short =
            point.timestamp.is_none() && point.exemplars.is_empty() && !labels.is_empty();
        if !is_short || self.short_sample(labels, value).is_none() {
            let exemplar = point.exemplars.first().and_then(Option::as_deref);
            let tail = Tail { timestamp: point.timestamp, exemplar };
            self.long_sample(&metric.sample, labels, value, tail);
        }
    }
}

impl<D: Dialect> Encoder for Lines<'_, D> {
    fn begin_family(&mut self, metric: &Prepared) {
        self.push(D::head(metric));
    }

    fn begin_metric(&mut self, metric: &Prepared) {
        self.line.keep(metric.sample.open.as_bytes());
    }

    fn point(&mut self, metric: &Prepared, labels: LabelBlock<'_>, point: &Point<'_>) {
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
        D::EXEMPLARS
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

/// A line in the making. What does not fit is written without it.
struct Line {
    bytes: [u8; Self::CAPACITY],
    /// How much of it is the same for every sample of the metric.
    kept: usize,
}

impl Line {
    const CAPACITY: usize = 1024;

    fn new() -> Self {
        Self { bytes: [0; Self::CAPACITY], kept: 0 }
    }

    /// Begins every line with this; where it does not fit, no line does.
    fn keep(&mut self, start: &[u8]) {
        self.kept = self.put(0, start).unwrap_or(Self::CAPACITY);
    }

    /// Writes `text` at a place, and returns the place behind it.
    #[inline]
    fn put(&mut self, at: usize, text: &[u8]) -> Option<usize> {
        let end = at + text.len();
        self.bytes.get_mut(at..end)?.copy_from_slice(text);
        Some(end)
    }

    /// [`put`](Self::put) for a number, of which most are short: two pieces, which overlap, are copied
    /// without a call and without a loop.
    #[inline]
    fn put_short(&mut self, at: usize, text: &[u8]) -> Option<usize> {
        let end = at + text.len();
        let target = self.bytes.get_mut(at..end)?;
        match text.len() {
            1 => target.copy_from_slice(text),
            2..4 => copy_ends::<2>(target, text),
            4..8 => copy_ends::<4>(target, text),
            8..=16 => copy_ends::<8>(target, text),
            _ => target.copy_from_slice(text),
        }
        Some(end)
    }
}

#[inline]
fn copy_ends<const N: usize>(target: &mut [u8], text: &[u8]) {
    if let (Some(to), Some(from)) = (target.first_chunk_mut::<N>(), text.first_chunk()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (target.last_chunk_mut::<N>(), text.last_chunk()) {
        *to = *from;
    }
}
