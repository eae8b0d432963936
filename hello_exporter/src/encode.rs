//! From samples to bytes: one streaming [`Encoder`] per wire format.

mod cursor;
mod decimal;
mod encoding;
mod exposition;
mod family;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod line;
mod messages;
mod metadata;
pub(crate) mod native;
pub(crate) mod number;
mod open_metrics;
mod prepared;
mod protobuf;
mod rewrite;
mod sample;
mod text;
mod wire;
mod written;

pub use encoding::Encoding;
pub(crate) use exposition::Exposition;
#[cfg(feature = "respond")]
pub(crate) use exposition::LineReader;
pub use family::FamilyEncoder;
pub(crate) use line::PlainLines;
pub(crate) use messages::{NumberSeries, PlainMessages};
pub(crate) use native::{NativePoint, NativeScratch};
pub(crate) use number::RenderedBounds;
pub use number::SampleValue;
pub(crate) use open_metrics::OpenMetricsEncoder;
pub(crate) use prepared::Prepared;
pub(crate) use protobuf::ProtobufEncoder;
pub(crate) use rewrite::with_form;
pub use sample::Sample;
pub(crate) use sample::{Exemplar, HistogramPoint, PointValue, SummaryPoint, unix_milliseconds};
pub(crate) use text::TextEncoder;
pub(crate) use written::{Scratch, Written};

use crate::labels::RenderedLabels;

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
    /// The [text format](https://prometheus.io/docs/instrumenting/exposition_formats/), version
    /// 0.0.4.
    ///
    /// It has no types for [`Info`](crate::Info) and [`StateSet`](crate::StateSet): both are
    /// gauges.
    #[default]
    Text,
    /// [OpenMetrics](https://prometheus.io/docs/specs/om/open_metrics_spec/), version 1.0.0.
    ///
    /// A series has the same name and the same samples in every
    /// format, as client_golang exposes it: a counter whose name lacks `_total` has the type
    /// `unknown`, and values that the specification forbids, such as a negative sum or a counter
    /// that is NaN, are exposed.
    OpenMetrics,
    /// Messages of the [protocol buffer format](https://github.com/prometheus/client_model), each
    /// preceded by its length.
    Protobuf,
}

impl Format {
    /// Returns the value of the `Content-Type` header, for names that are escaped with underscores,
    /// the default of an [`Encoding`](crate::registry::Encoding).
    pub const fn content_type(self) -> &'static str {
        match self {
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
            Format::OpenMetrics => {
                "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
            }
            Format::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
                 encoding=delimited"
            }
        }
    }
}

/// A metric that can be reset once a scrape has exposed it.
pub(crate) trait Reset: Send + Sync {
    fn reset(&self);
}

/// Writes one exposition, one call for each sample.
///
/// The caller begins a family. For each collector of the family, it begins a metric and writes its
/// samples. Then it ends the family. It can undo all writes since a [`mark`](Encoder::mark), so
/// that a panicking collector leaves no partial output.
pub(crate) trait Encoder {
    fn begin_family(&mut self, metric: &Prepared);

    /// Begins the samples of one collector, which has its own constant labels.
    fn begin_metric(&mut self, metric: &Prepared) {
        let _ = metric;
    }

    fn sample(&mut self, metric: &Prepared, labels: RenderedLabels<'_>, sample: &Sample<'_>);

    /// Returns an appender of plain numbers as lines, if the format has lines.
    fn plain_lines(&mut self) -> Option<PlainLines<'_>> {
        None
    }

    /// Returns an appender of plain numbers as messages, if the format has messages.
    fn plain_messages(&mut self) -> Option<PlainMessages<'_>> {
        None
    }

    fn end_family(&mut self, metric: &Prepared) {
        let _ = metric;
    }

    /// Writes the end of the exposition.
    fn finish(&mut self) {}

    /// Returns whether the format exposes exemplars in this family.
    fn takes_exemplars(&self) -> bool {
        false
    }

    /// Returns whether the format has native histograms.
    fn takes_native_histograms(&self) -> bool {
        false
    }

    /// Returns whether the exposition has start timestamps in this family.
    fn takes_start_timestamps(&self) -> bool {
        false
    }

    fn mark(&self) -> usize;

    fn rollback(&mut self, mark: usize);
}

/// Writes a family, or nothing if `write` writes no samples.
pub(crate) fn encode_family(
    encoder: &mut dyn Encoder,
    metric: &Prepared,
    write: impl FnOnce(&mut dyn Encoder),
) {
    let start = encoder.mark();
    encoder.begin_family(metric);
    let first_sample = encoder.mark();
    write(encoder);
    if encoder.mark() == first_sample {
        encoder.rollback(start);
    } else {
        encoder.end_family(metric);
    }
}
