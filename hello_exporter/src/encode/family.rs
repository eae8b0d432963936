//! The encoder of one family's samples.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use super::{
    Encoder, NumberSeries, Prepared, ProtobufEncoder, Reset, Sample, SampleValue, Scratch, Written,
};
use crate::desc::{Desc, MetricType};
use crate::escape;
use crate::labels::{Labels, RenderedLabels, SplitLabels};
use crate::name::NameKind;

/// Writes the samples of one metric family of one collector.
///
/// [`Collect::collect`](crate::collect::Collect::collect) calls [`sample`](Self::sample) for every
/// series. A sample with the labels of an earlier one is dropped and counted, so that the
/// exposition stays valid.
pub struct FamilyEncoder<'a> {
    metric: &'a Prepared,
    /// The metric as it is written, under the scheme of the exposition.
    form: &'a Prepared,
    encoder: &'a mut dyn Encoder,
    written: &'a mut Written,
    /// The values of the row's labels, which precede the metric's own.
    row_labels: &'a [&'a str],
}

impl<'a> FamilyEncoder<'a> {
    pub(crate) fn new(
        metric: &'a Prepared,
        encoder: &'a mut dyn Encoder,
        written: &'a mut Written,
    ) -> Self {
        Self::in_form(metric, metric, encoder, written)
    }

    /// Returns the encoder of a metric that is written in another form, under a scheme.
    pub(crate) fn in_form(
        metric: &'a Prepared,
        form: &'a Prepared,
        encoder: &'a mut dyn Encoder,
        written: &'a mut Written,
    ) -> Self {
        written.clear();
        encoder.begin_metric(form);
        Self { metric, form, encoder, written, row_labels: &[] }
    }

    /// Writes the samples of a row. The row's label values come before the metric's own.
    pub(crate) fn within(&mut self, labels: &[&str], write: impl FnOnce(&mut FamilyEncoder<'_>)) {
        let row_labels = [self.row_labels, labels].concat();
        write(&mut FamilyEncoder {
            metric: self.metric,
            form: self.form,
            encoder: self.encoder,
            written: self.written,
            row_labels: &row_labels,
        });
    }

    /// Returns the family, with the prefix and the constant labels that its registration added.
    pub fn desc(&self) -> &Desc {
        &self.metric.desc
    }

    /// Writes the sample of a family without variable labels.
    pub fn value<'p>(&mut self, value: impl Into<Sample<'p>>) {
        self.sample([""; 0], value);
    }

    /// Writes one sample, with one label value for each label of the [`Desc`]. The value is a
    /// number or a snapshot.
    ///
    /// An invalid sample is dropped and counted: one with another number of label values, a
    /// histogram in a family of gauges, an info whose value is not 1, or any sample of a state set,
    /// which only a [`StateSet`](crate::StateSet) can write. A counter that is negative or NaN is
    /// exposed; [`testing::lint`](crate::testing::lint) reports it.
    pub fn sample<'p>(&mut self, labels: impl Labels, value: impl Into<Sample<'p>>) {
        let sample = value.into();
        labels.with_values(|values| self.sample_of(values, &sample));
    }

    /// Writes one sample, whose label values follow those of the row.
    pub(crate) fn sample_of(&mut self, values: &[&str], sample: &Sample<'_>) {
        let (names, row_labels) = (&self.metric.label_names, self.row_labels);
        if self.metric.desc.metric_type() == MetricType::StateSet {
            return self.refuse(&"only a `StateSet` can write the samples of a state set");
        }
        let (given, expected) = (row_labels.len() + values.len(), names.len());
        if given != expected {
            return self.refuse(&format_args!(
                "the number of label values is {given}, expected {expected}"
            ));
        }
        let values = row_labels.iter().chain(values).copied();
        self.write_unique(names.iter().map(AsRef::as_ref).zip(values), sample);
    }

    /// Iterates over the rendered names and the values of the row's labels.
    fn row_pairs<'s>(&self) -> impl Iterator<Item = (&'s str, &'s str)> + use<'s, 'a>
    where
        'a: 's,
    {
        let names = self.metric.label_names.iter().map(AsRef::as_ref);
        names.zip(self.row_labels.iter().copied())
    }

    /// Iterates over the names of the metric's own labels.
    pub(crate) fn own_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.metric.desc.labels().iter().skip(self.row_labels.len()).map(AsRef::as_ref)
    }

    /// Writes one sample, unless it does not fit the type, a live metric writes the family, or the
    /// labels were written before.
    fn write_unique<'p>(
        &mut self,
        labels: impl IntoIterator<Item = (&'p str, &'p str)>,
        sample: &Sample<'_>,
    ) {
        let metric_type = self.metric.desc.metric_type();
        if !sample.fits(metric_type) {
            return self.refuse(&format_args!(
                "a sample is {sample}, which the type {metric_type} does not accept"
            ));
        }
        if self.written.is_rendered {
            return self.refuse(&LIVE_AND_OTHER);
        }
        if let Some(labels) = self.written.insert(labels) {
            self.encoder.sample(self.form, RenderedLabels(labels.as_bytes()), sample);
        }
    }

    /// Writes one sample that brings its own label names, after the labels of the row. Refuses it
    /// if its labels are invalid, and drops it if they were written before.
    #[cfg_attr(
        not(feature = "prometheus"),
        expect(dead_code, reason = "only foreign metrics use it")
    )]
    pub(crate) fn foreign_sample(&mut self, labels: &[(&str, &str)], sample: &Sample<'_>) {
        let row_names = self.metric.desc.labels().iter().map(AsRef::as_ref);
        let row = row_names.zip(self.row_labels.iter().copied());
        let labels: Vec<(&str, &str)> = row.chain(labels.iter().copied()).collect();
        if !self.metric.desc.accepts_labels(&labels) {
            return self.refuse(&"a sample has invalid labels");
        }
        let labels = labels.iter().map(|(name, value)| (NameKind::Label.rendered(name), *value));
        let labels: Vec<(Cow<'_, str>, &str)> = labels.collect();
        self.write_unique(labels.iter().map(|(name, value)| (&**name, *value)), sample);
    }

    /// Writes one state of a state set, with the label that holds the state.
    pub(crate) fn state(&mut self, state: &str, is_on: bool) {
        let desc = &self.metric.desc;
        if desc.metric_type() != MetricType::StateSet || self.own_names().next().is_some() {
            return self
                .refuse(&"a `StateSet` can write only a state set without labels of its own");
        }
        let label = NameKind::Label.rendered(desc.name());
        let labels = self.row_pairs().chain([(&*label, state)]);
        self.write_unique(labels, &Sample::from(is_on));
    }

    /// Counts an invalid sample, and keeps the first reason for the log.
    #[cold]
    pub(crate) fn refuse(&mut self, reason: &dyn Display) {
        self.written.invalid += 1;
        self.written.reason.get_or_insert_with(|| reason.to_string());
    }

    /// Begins the samples of a live metric with this type and these label names. The metric writes
    /// each label set only once.
    ///
    /// Returns `false`, and counts an invalid sample, if the type or the names differ from those of
    /// the family, or if the family has samples or another live metric already. In a row, only the
    /// type and the names matter. After `false`, the metric must not write.
    pub(crate) fn begin_rendered<'n>(
        &mut self,
        metric_type: MetricType,
        names: impl Iterator<Item = &'n str>,
    ) -> bool {
        let is_first = !self.written.is_rendered && self.written.ranges.is_empty();
        let matches = metric_type == self.metric.desc.metric_type() && names.eq(self.own_names());
        // In a row, `rendered_in_row` adds the row's labels and checks for duplicates, so earlier
        // samples are allowed.
        let is_valid = matches && (is_first || self.is_in_row());
        self.written.is_rendered |= !self.is_in_row();
        if !matches {
            self.refuse(&format_args!(
                "the type or labels of a live {metric_type} differ from those of the family"
            ));
        } else if !is_valid {
            self.refuse(&LIVE_AND_OTHER);
        }
        is_valid
    }

    /// Writes the only sample of a metric without labels.
    pub(crate) fn only(&mut self, metric_type: MetricType, sample: &Sample<'_>) {
        if self.begin_rendered(metric_type, std::iter::empty()) {
            self.rendered(RenderedLabels::EMPTY, sample);
        }
    }

    /// Writes a sample after [`begin_rendered`](Self::begin_rendered).
    #[inline]
    pub(crate) fn rendered(&mut self, labels: RenderedLabels<'_>, sample: &Sample<'_>) {
        if self.is_in_row() {
            self.rendered_in_row(labels, sample);
        } else {
            self.written.live_series += 1;
            self.encoder.sample(self.form, labels, sample);
        }
    }

    fn rendered_in_row(&mut self, labels: RenderedLabels<'_>, sample: &Sample<'_>) {
        let own: Vec<_> =
            labels.escaped_pairs().map(|(name, value)| (name, escape::unescape(value))).collect();
        let own = own.iter().map(|(name, value)| (*name, value.as_ref()));
        self.write_unique(self.row_pairs().chain(own), sample);
    }

    fn is_in_row(&self) -> bool {
        !self.row_labels.is_empty()
    }

    /// Writes samples that are numbers, after [`begin_rendered`](Self::begin_rendered).
    ///
    /// In the text formats, outside a row, the loop over the series appends lines directly, without
    /// a virtual call for each. `labels_prefix` is the prefix of the labels of all series.
    #[inline]
    pub(crate) fn rendered_numbers<'s>(
        &mut self,
        labels_prefix: &str,
        samples: impl Iterator<Item = (SplitLabels<'s>, SampleValue)>,
    ) {
        let has_labels = !self.metric.desc.labels().is_empty() && !self.is_in_row();
        self.with_buffer(|encoder, buffer| {
            match encoder.encoder.plain_lines().filter(|_| has_labels) {
                Some(lines) => {
                    let mut series = 0;
                    let prefix = [&encoder.form.sample.open, labels_prefix];
                    prefix.iter().for_each(|part| buffer.extend_from_slice(part.as_bytes()));
                    lines.append(buffer, samples.inspect(|_| series += 1));
                    encoder.written.live_series += series;
                }
                None => samples.for_each(|(labels, number)| {
                    encoder.rendered(labels.join(buffer), &Sample::from(number));
                }),
            }
        });
    }

    /// Writes samples that are numbers, with start timestamps, after
    /// [`begin_rendered`](Self::begin_rendered). In protobuf, outside a row, the loop over the
    /// series appends messages directly.
    #[inline]
    pub(crate) fn rendered_started_numbers<'s, L: Iterator<Item = usize> + Clone>(
        &mut self,
        samples: impl Iterator<Item = NumberSeries<'s, L>>,
    ) {
        let is_plain = self.form.has_plain_labels && !self.is_in_row();
        let form = self.form;
        self.with_buffer(|encoder, buffer| {
            match encoder.encoder.plain_messages().filter(|_| is_plain) {
                Some(messages) => {
                    let mut count = 0;
                    messages.append(form, samples.inspect(|_| count += 1), |out, series| {
                        append_sample(form, series.labels, &series.sample(), buffer, out);
                    });
                    encoder.written.live_series += count;
                }
                None => samples.for_each(|series| {
                    encoder.rendered(series.labels.join(buffer), &series.sample());
                }),
            }
        });
    }

    /// Calls `write` with an empty buffer, which later calls use again.
    pub(crate) fn with_buffer(&mut self, write: impl FnOnce(&mut Self, &mut Vec<u8>)) {
        let mut buffer = std::mem::take(&mut self.written.scratch.get_or_insert_default().labels);
        buffer.clear();
        write(self, &mut buffer);
        self.written.scratch.get_or_insert_default().labels = buffer;
    }

    /// Returns the number of series written so far. A histogram or a summary counts as one series.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "only sources are counted"))]
    pub(crate) fn series(&self) -> u64 {
        self.written.series()
    }

    /// Returns whether the format exposes exemplars in this family.
    pub(crate) fn takes_exemplars(&self) -> bool {
        self.encoder.takes_exemplars()
    }

    /// Returns `start`, the start timestamp of a live metric in milliseconds; `None` if the
    /// collector was made for this scrape, because its metrics then start at every scrape.
    pub(crate) fn live_start(&self, start: i64) -> Option<i64> {
        self.is_kept().then_some(start)
    }

    /// Returns whether the registry keeps the collector from scrape to scrape.
    pub(crate) fn is_kept(&self) -> bool {
        !self.written.is_made
    }

    /// Returns whether the exposition has start timestamps in this family.
    pub(crate) fn takes_start_timestamps(&self) -> bool {
        self.encoder.takes_start_timestamps()
    }

    /// Returns whether the format has native histograms.
    pub(crate) fn takes_native_histograms(&self) -> bool {
        self.encoder.takes_native_histograms()
    }

    /// Resets a metric once the scrape has ended.
    pub(crate) fn reset_later(&mut self, metric: Arc<dyn Reset>) {
        self.written.resets.push(metric);
    }

    /// Runs `write` with buffers that are reused by later scrapes.
    pub(crate) fn with_scratch<R>(
        &mut self,
        write: impl FnOnce(&mut Self, &mut Scratch) -> R,
    ) -> R {
        let mut scratch = self.written.scratch.take().unwrap_or_default();
        let result = write(self, &mut scratch);
        self.written.scratch = Some(scratch);
        result
    }

    /// Adds the number of updates that the metric, or the metric of one row, has dropped so far,
    /// e.g. because of its series limit.
    pub(crate) fn dropped(&mut self, total: u64) {
        self.written.dropped += total;
    }
}

/// The reason to refuse samples of a live metric next to any others.
const LIVE_AND_OTHER: &str = "a live metric must be the only one that writes its family";

/// Appends the message of a sample in the general way.
#[cold]
#[inline(never)]
fn append_sample(
    form: &Prepared,
    labels: SplitLabels<'_>,
    sample: &Sample<'_>,
    buffer: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    ProtobufEncoder::new(out).sample(form, labels.join(buffer), sample);
}
