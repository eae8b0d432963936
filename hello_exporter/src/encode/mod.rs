//! From samples to bytes: one streaming [`Encoder`] per wire format.

pub(crate) mod escape;
mod family;
pub(crate) mod number;
mod text;

pub use family::FamilyEncoder;
pub(crate) use family::Written;
pub use number::Number;
pub(crate) use text::Text;

use crate::desc::{Desc, Prepared};
use crate::labels::LabelBlock;

/// A wire format of the metrics endpoint.
///
/// ```
/// use hello_exporter::Format;
///
/// assert_eq!(Format::Text.content_type(), "text/plain; version=0.0.4; charset=utf-8");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The [text format](https://prometheus.io/docs/instrumenting/exposition_formats/), version 0.0.4.
    #[default]
    Text,
}

impl Format {
    /// The value of the `Content-Type` header.
    pub const fn content_type(self) -> &'static str {
        match self {
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// Writes one exposition, a call per sample.
///
/// The caller opens a family, writes its samples and closes it. What was written since a
/// [`mark`](Encoder::mark) can be taken back, which is how a panicking collector leaves no half of
/// its output behind.
pub(crate) trait Encoder {
    fn begin_family(&mut self, desc: &Desc);

    fn end_family(&mut self);

    /// A counter, a gauge or an untyped value. The timestamp is in milliseconds.
    fn sample(
        &mut self,
        metric: &Prepared,
        labels: LabelBlock<'_>,
        value: Number,
        timestamp: Option<i64>,
    );

    fn histogram(
        &mut self,
        metric: &Prepared,
        labels: LabelBlock<'_>,
        histogram: &HistogramPoint<'_>,
        timestamp: Option<i64>,
    );

    fn summary(
        &mut self,
        metric: &Prepared,
        labels: LabelBlock<'_>,
        summary: &SummaryPoint<'_>,
        timestamp: Option<i64>,
    );

    fn mark(&self) -> usize;

    fn rollback(&mut self, mark: usize);
}

/// What one series is at one moment.
pub(crate) enum Point<'a> {
    Number(Number),
    Histogram(HistogramPoint<'a>),
    #[cfg_attr(not(feature = "prometheus"), expect(dead_code, reason = "foreign metrics only"))]
    Summary(SummaryPoint<'a>),
}

impl Point<'_> {
    pub(crate) fn number(value: impl Into<Number>) -> Self {
        Point::Number(value.into())
    }

    fn encode(
        self,
        metric: &Prepared,
        labels: LabelBlock<'_>,
        timestamp: Option<i64>,
        encoder: &mut dyn Encoder,
    ) {
        match self {
            Point::Number(value) => encoder.sample(metric, labels, value, timestamp),
            Point::Histogram(point) => encoder.histogram(metric, labels, &point, timestamp),
            Point::Summary(point) => encoder.summary(metric, labels, &point, timestamp),
        }
    }
}

/// A histogram at one moment.
pub(crate) struct HistogramPoint<'a> {
    /// Upper bound and cumulative count; `+Inf` may be left out.
    pub(crate) buckets: &'a [(f64, u64)],
    pub(crate) sum: f64,
    pub(crate) count: u64,
}

/// A summary at one moment.
pub(crate) struct SummaryPoint<'a> {
    pub(crate) quantiles: &'a [(f64, f64)],
    pub(crate) sum: f64,
    pub(crate) count: u64,
}
