//! The lines of the two text formats.
//!
//! Registration renders the prefix of a line, and the first update of a live series renders its
//! labels. A scrape copies both, and formats the values. For plain values, it renders the labels
//! too.

use std::marker::PhantomData;
use std::sync::Arc;

use super::cursor::{Cursor, append_number};
use super::number::{RenderedBounds, append_bound};
use super::prepared::LinePrefix;
use super::sample::{Exemplar, HistogramPoint, PointValue, SummaryPoint};
use super::{Encoder, Exposition, Prepared, Sample, SampleValue};
use crate::labels::{RenderedLabels, SplitLabels};

/// The differences between the two text formats.
pub(crate) trait Dialect {
    /// Whether bounds that are integers are written as floats, with `.0`.
    const FLOAT_BOUNDS: bool;
    /// Whether samples can carry exemplars.
    const EXEMPLARS: bool;
    /// The end of an exposition.
    const END: &'static str;

    /// Returns the metadata of a family: HELP, TYPE and, in OpenMetrics, UNIT.
    fn metadata(metric: &Prepared) -> &str;

    fn append_timestamp(milliseconds: i64, out: &mut Vec<u8>);
}

/// Writes an exposition in one of the text formats.
pub(crate) struct LineEncoder<'a, D> {
    out: &'a mut Exposition,
    /// Whether start timestamps are written where the family has them.
    created_samples: bool,
    takes_exemplars: bool,
    takes_start_timestamps: bool,
    dialect: PhantomData<D>,
}

impl<'a, D: Dialect> LineEncoder<'a, D> {
    pub(crate) fn new(out: &'a mut Exposition) -> Self {
        Self {
            out,
            created_samples: false,
            takes_exemplars: false,
            takes_start_timestamps: false,
            dialect: PhantomData,
        }
    }

    /// Sets whether start timestamps are written, as samples `_created`.
    pub(crate) fn created_samples(self, created_samples: bool) -> Self {
        Self { created_samples, ..self }
    }

    fn push(&mut self, text: &str) {
        self.out.buffer.extend_from_slice(text.as_bytes());
    }

    /// Writes a line.
    fn line(
        &mut self,
        prefix: &LinePrefix,
        labels: RenderedLabels<'_>,
        value: SampleValue,
        end: LineEnd<'_>,
    ) {
        Cursor::new(&mut self.out.buffer).number(prefix.before_value(labels), value, b"");
        self.end_line(end);
    }

    /// Writes the start timestamp of a series.
    fn created(
        &mut self,
        prefix: &LinePrefix,
        labels: RenderedLabels<'_>,
        start: i64,
        timestamp: Option<i64>,
    ) {
        Cursor::new(&mut self.out.buffer).parts(prefix.before_value(labels));
        D::append_timestamp(start, &mut self.out.buffer);
        self.end_line(LineEnd::of(timestamp));
    }

    fn end_line(&mut self, LineEnd { timestamp, exemplar }: LineEnd<'_>) {
        if let Some(milliseconds) = timestamp {
            self.push(" ");
            D::append_timestamp(milliseconds, &mut self.out.buffer);
        }
        if let Some(exemplar) = exemplar.filter(|_| D::EXEMPLARS) {
            let parts = [b" # {", exemplar.labels.as_bytes(), b"} "];
            Cursor::new(&mut self.out.buffer).number(parts, exemplar.value, b" ");
            D::append_timestamp(exemplar.timestamp, &mut self.out.buffer);
        }
        self.push("\n");
    }

    /// Writes all buckets of a histogram with rendered bounds, without timestamps and exemplars.
    fn plain_buckets(
        &mut self,
        prefix: &LinePrefix,
        labels: RenderedLabels<'_>,
        histogram: &HistogramPoint<'_>,
        rendered: &RenderedBounds,
    ) {
        let mut cursor = Cursor::new(&mut self.out.buffer);
        let bounds = rendered.iter(D::FLOAT_BOUNDS, labels.is_empty());
        for (bound, &(_, count)) in bounds.zip(histogram.buckets) {
            cursor.number([prefix.open.as_bytes(), labels.0, bound], count.into(), b"\n");
        }
    }

    /// Writes a line whose last label is `le` or `quantile`.
    fn bounded(
        &mut self,
        prefix: &LinePrefix,
        labels: RenderedLabels<'_>,
        (name, bound): (&str, f64),
        value: SampleValue,
        end: LineEnd<'_>,
    ) {
        self.push(&prefix.open);
        if !labels.is_empty() {
            self.out.buffer.extend_from_slice(labels.0);
            self.push(",");
        }
        self.push(name);
        self.push("=\"");
        append_bound(bound, D::FLOAT_BOUNDS, &mut self.out.buffer);
        self.push("\"} ");
        append_number(value, &mut self.out.buffer);
        self.end_line(end);
    }

    fn buckets(
        &mut self,
        prefix: &LinePrefix,
        labels: RenderedLabels<'_>,
        histogram: &HistogramPoint<'_>,
        sample: &Sample<'_>,
    ) {
        let last = (!histogram.is_closed()).then_some((f64::INFINITY, histogram.count));
        let buckets = histogram.buckets.iter().copied().chain(last);
        // Without classic buckets, `+Inf` has the newest exemplar.
        let newest = || sample.exemplars.iter().flatten().max_by_key(|it| it.timestamp);
        for (at, (bound, count)) in buckets.enumerate() {
            let exemplar = if histogram.buckets.is_empty() {
                newest().map(Arc::as_ref)
            } else {
                sample.exemplars.get(at).and_then(Option::as_deref)
            };
            let end = LineEnd { timestamp: sample.timestamp, exemplar };
            self.bounded(prefix, labels, ("le", bound), count.into(), end);
        }
    }

    fn histogram(
        &mut self,
        metric: &Prepared,
        labels: RenderedLabels<'_>,
        histogram: &HistogramPoint<'_>,
        sample: &Sample<'_>,
    ) {
        let is_plain = sample.timestamp.is_none() && sample.exemplars.is_empty();
        match histogram.rendered.filter(|_| is_plain) {
            Some(rendered) => self.plain_buckets(&metric.bucket, labels, histogram, rendered),
            None => self.buckets(&metric.bucket, labels, histogram, sample),
        }
        let end = LineEnd::of(sample.timestamp);
        self.line(&metric.sum, labels, histogram.sum.into(), end);
        self.line(&metric.count, labels, histogram.count.into(), end);
    }

    fn summary(
        &mut self,
        metric: &Prepared,
        labels: RenderedLabels<'_>,
        summary: &SummaryPoint<'_>,
        timestamp: Option<i64>,
    ) {
        let end = LineEnd::of(timestamp);
        for &(quantile, value) in summary.quantiles {
            let bound = ("quantile", quantile);
            self.bounded(&metric.sample, labels, bound, value.into(), end);
        }
        self.line(&metric.sum, labels, summary.sum.into(), end);
        self.line(&metric.count, labels, summary.count.into(), end);
    }

    fn number(
        &mut self,
        metric: &Prepared,
        labels: RenderedLabels<'_>,
        value: SampleValue,
        sample: &Sample<'_>,
    ) {
        let exemplar = sample.exemplars.first().and_then(Option::as_deref);
        let end = LineEnd { timestamp: sample.timestamp, exemplar };
        self.line(&metric.sample, labels, value, end);
    }
}

impl<D: Dialect> Encoder for LineEncoder<'_, D> {
    fn begin_family(&mut self, metric: &Prepared) {
        self.takes_exemplars = D::EXEMPLARS && metric.takes_exemplars;
        self.takes_start_timestamps = self.created_samples && metric.created.is_some();
        self.push(D::metadata(metric));
    }

    fn plain_lines(&mut self) -> Option<PlainLines<'_>> {
        Some(PlainLines(self.out))
    }

    fn sample(&mut self, metric: &Prepared, labels: RenderedLabels<'_>, sample: &Sample<'_>) {
        match &sample.value {
            PointValue::Number(value) => self.number(metric, labels, *value, sample),
            PointValue::Histogram(histogram) => self.histogram(metric, labels, histogram, sample),
            PointValue::Summary(summary) => self.summary(metric, labels, summary, sample.timestamp),
        }
        if let Some(start) = sample.start_timestamp.filter(|_| self.takes_start_timestamps)
            && let Some(prefix) = &metric.created
        {
            self.created(prefix, labels, start, sample.timestamp);
        }
        self.out.pass_lines();
    }

    fn finish(&mut self) {
        self.push(D::END);
    }

    fn takes_exemplars(&self) -> bool {
        self.takes_exemplars
    }

    fn takes_start_timestamps(&self) -> bool {
        self.takes_start_timestamps
    }

    fn mark(&self) -> usize {
        self.out.len()
    }

    fn rollback(&mut self, mark: usize) {
        self.out.truncate(mark);
    }
}

/// The optional parts of a line after its value.
#[derive(Clone, Copy)]
struct LineEnd<'a> {
    timestamp: Option<i64>,
    exemplar: Option<&'a Exemplar>,
}

impl LineEnd<'_> {
    fn of(timestamp: Option<i64>) -> Self {
        Self { timestamp, exemplar: None }
    }
}

/// Appends lines that are the same in both dialects.
pub(crate) struct PlainLines<'l>(&'l mut Exposition);

impl PlainLines<'_> {
    /// Number of lines after which a reader may read.
    const LINES: usize = 512;

    /// Appends samples with labels, without timestamps and exemplars. `prefix` is the prefix of all
    /// lines, followed by the prefix of all labels.
    #[inline]
    pub(crate) fn append<'s>(
        self,
        prefix: &[u8],
        mut samples: impl Iterator<Item = (SplitLabels<'s>, SampleValue)>,
    ) {
        let Self(out) = self;
        if !out.has_active_reader() {
            return append_lines(&mut out.buffer, prefix, samples);
        }
        while let Some(first) = samples.next() {
            let few = std::iter::once(first).chain(samples.by_ref().take(Self::LINES - 1));
            append_lines(&mut out.buffer, prefix, few);
            out.pass_lines();
        }
    }
}

#[inline]
fn append_lines<'s>(
    out: &mut Vec<u8>,
    prefix: &[u8],
    samples: impl Iterator<Item = (SplitLabels<'s>, SampleValue)>,
) {
    let mut cursor = Cursor::new(out);
    samples.for_each(|(labels, value)| {
        cursor.number([prefix, labels.rest, b"} "], value, b"\n");
    });
}
