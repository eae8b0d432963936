//! The encoder of one family's samples.

use std::fmt::Display;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::{Encoder, Exemplar, Prepared, Sample, SampleValue};
use crate::desc::{Desc, MetricType};
use crate::labels::{self, LabelBlock, Labels};

/// Writes the samples of one metric family of one collector.
///
/// [`Collect::collect`](crate::collect::Collect::collect) calls [`sample`](Self::sample) for every series.
/// A sample with the labels of an earlier one is dropped and counted, so that the exposition stays valid.
pub struct FamilyEncoder<'a> {
    metric: &'a Prepared,
    encoder: &'a mut dyn Encoder,
    written: &'a mut Written,
    /// The values of the row's labels, which precede the metric's own.
    outer: &'a [&'a str],
}

impl<'a> FamilyEncoder<'a> {
    pub(crate) fn new(
        metric: &'a Prepared,
        encoder: &'a mut dyn Encoder,
        written: &'a mut Written,
    ) -> Self {
        written.clear();
        encoder.begin_metric(metric);
        Self { metric, encoder, written, outer: &[] }
    }

    /// Writes the metrics of a row: these label values precede theirs.
    pub(crate) fn within(&mut self, labels: &[&str], write: impl FnOnce(&mut FamilyEncoder<'_>)) {
        let outer = [self.outer, labels].concat();
        write(&mut FamilyEncoder {
            metric: self.metric,
            encoder: self.encoder,
            written: self.written,
            outer: &outer,
        });
    }

    /// Returns the family, with the prefix and the constant labels of its registration.
    pub fn desc(&self) -> &Desc {
        &self.metric.desc
    }

    /// Writes the sample of a family without variable labels.
    pub fn value<'p>(&mut self, value: impl Into<Sample<'p>>) {
        self.sample([""; 0], value);
    }

    /// Writes one sample: as many label values as the [`Desc`] has labels, and the value, which is a
    /// number or a snapshot.
    ///
    /// An invalid sample is dropped and counted: one with another number of label values, a histogram
    /// of a gauge, an info that is not 1, any sample of a state set, which only a
    /// [`StateSet`](crate::StateSet) can write. A counter that is negative or NaN is exposed;
    /// [`testing::lint`](crate::testing::lint) reports it.
    pub fn sample<'p>(&mut self, labels: impl Labels, value: impl Into<Sample<'p>>) {
        let point = value.into();
        labels.with_values(|values| self.sample_of(values, &point));
    }

    pub(crate) fn sample_of(&mut self, values: &[&str], point: &Sample<'_>) {
        let (names, outer) = (self.metric.desc.labels(), self.outer);
        if self.metric.desc.metric_type() == MetricType::StateSet {
            return self.refuse(&"only a `StateSet` can write the samples of a state set");
        }
        let (given, expected) = (outer.len() + values.len(), names.len());
        if given != expected {
            return self.refuse(&format_args!(
                "the number of label values is {given}, expected {expected}"
            ));
        }
        let values = outer.iter().chain(values).copied();
        self.point(names.iter().map(AsRef::as_ref).zip(values), point);
    }

    /// Iterates over the names and values of the row's labels.
    fn outer_labels<'s>(&self) -> impl Iterator<Item = (&'s str, &'s str)> + use<'s, 'a>
    where
        'a: 's,
    {
        let names = self.metric.desc.labels().iter().map(AsRef::as_ref);
        names.zip(self.outer.iter().copied())
    }

    /// Iterates over the names of the metric's own labels.
    fn inner_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.metric.desc.labels().iter().skip(self.outer.len()).map(AsRef::as_ref)
    }

    /// Writes one point with labels that have the Desc's names, unless these labels were written before.
    fn point<'p>(
        &mut self,
        labels: impl IntoIterator<Item = (&'p str, &'p str)>,
        point: &Sample<'_>,
    ) {
        let metric_type = self.metric.desc.metric_type();
        if !point.fits(metric_type) {
            return self
                .refuse(&format_args!("a sample is {point}, expected that of a {metric_type}"));
        }
        if self.written.is_rendered {
            return self.refuse(&"a live metric has written the family already");
        }
        if let Some(block) = self.written.insert(labels) {
            self.encoder.point(self.metric, LabelBlock(block.as_bytes()), point);
        }
    }

    /// Writes one point with labels that bring their own names, if they are valid and were not written
    /// before.
    #[cfg_attr(not(feature = "prometheus"), expect(dead_code, reason = "foreign metrics only"))]
    pub(crate) fn foreign_point(&mut self, labels: &[(&str, &str)], point: &Sample<'_>) {
        if !self.metric.desc.accepts_labels(labels) {
            return self.refuse(&"a sample has invalid labels");
        }
        self.point(labels.iter().copied(), point);
    }

    /// Writes one state of a set, with the label that the set brings.
    pub(crate) fn state(&mut self, state: &str, is_on: bool) {
        let desc = &self.metric.desc;
        if desc.metric_type() != MetricType::StateSet || self.inner_names().next().is_some() {
            return self.refuse(&"a `StateSet` has written a family of another type");
        }
        let labels = self.outer_labels().chain([(desc.name(), state)]);
        self.point(labels, &Sample::from(is_on));
    }

    /// Counts an invalid sample, and keeps the first reason for the log.
    #[cold]
    pub(crate) fn refuse(&mut self, reason: &dyn Display) {
        self.written.misfits += 1;
        self.written.reason.get_or_insert_with(|| reason.to_string());
    }

    /// Begins the points of a metric of this type, with blocks of these label names, each once. Returns
    /// false, and counts an invalid sample, if the Desc is another one or the family has samples
    /// already: then the points must not be written.
    pub(crate) fn begin_rendered<'n>(
        &mut self,
        metric_type: MetricType,
        names: impl Iterator<Item = &'n str>,
    ) -> bool {
        let is_first = !self.written.is_rendered && self.written.ranges.is_empty();
        let is_own = metric_type == self.metric.desc.metric_type() && names.eq(self.inner_names());
        // The blocks of a row are not the whole of its labels, and are compared like those of any other.
        let is_valid = is_own && (is_first || self.is_row());
        self.written.is_rendered |= !self.is_row();
        if !is_own {
            self.refuse(&format_args!("a live {metric_type} has another type or other labels"));
        } else if !is_valid {
            self.refuse(&"a live metric has written the family already");
        }
        is_valid
    }

    /// Writes the only point of a metric without labels.
    pub(crate) fn only(&mut self, metric_type: MetricType, point: &Sample<'_>) {
        if self.begin_rendered(metric_type, std::iter::empty()) {
            self.rendered(LabelBlock::EMPTY, point);
        }
    }

    /// Writes a point after [`begin_rendered`](Self::begin_rendered).
    #[inline]
    pub(crate) fn rendered(&mut self, block: LabelBlock<'_>, point: &Sample<'_>) {
        match self.is_row() {
            false => self.encoder.point(self.metric, block, point),
            true => self.rendered_in_row(block, point),
        }
    }

    fn rendered_in_row(&mut self, block: LabelBlock<'_>, point: &Sample<'_>) {
        let own: Vec<_> = block.pairs().collect();
        let own = own.iter().map(|(name, value)| (*name, value.as_ref()));
        self.point(self.outer_labels().chain(own), point);
    }

    fn is_row(&self) -> bool {
        !self.outer.is_empty()
    }

    /// Writes points that are only numbers, after [`begin_rendered`](Self::begin_rendered).
    ///
    /// The loop over the records writes lines itself, without a call of the encoder for each.
    #[inline]
    pub(crate) fn rendered_numbers<'b>(
        &mut self,
        samples: impl Iterator<Item = (LabelBlock<'b>, SampleValue)>,
    ) {
        let has_blocks = !self.metric.desc.labels().is_empty() && !self.is_row();
        match self.encoder.plain_lines().filter(|_| has_blocks) {
            Some(lines) => lines.append(&self.metric.sample, samples),
            None => samples.for_each(|(block, number)| self.rendered(block, &Sample::from(number))),
        }
    }

    /// Returns whether the format has exemplars in this family.
    pub(crate) fn takes_exemplars(&self) -> bool {
        self.encoder.takes_exemplars()
    }

    /// Lends memory that outlives the scrape.
    pub(crate) fn with_scratch<R>(
        &mut self,
        write: impl FnOnce(&mut Self, &mut Scratch) -> R,
    ) -> R {
        let mut scratch = std::mem::take(&mut self.written.scratch);
        let result = write(self, &mut scratch);
        self.written.scratch = scratch;
        result
    }

    /// Counts the updates that the metric, or one of its rows, has dropped since the program started,
    /// because they would have exceeded its limit of series.
    pub(crate) fn dropped(&mut self, total: u64) {
        self.written.dropped += total;
    }
}

/// The label sets that one collector has written to one family, by value, in one scrape.
#[derive(Default)]
pub(crate) struct Written {
    /// All blocks, one after the other.
    blocks: String,
    ranges: HashTable<(usize, usize)>,
    hasher: RandomState,
    /// Samples dropped because their labels were written before.
    pub(crate) duplicates: u64,
    scratch: Scratch,
    /// Updates that the metric has dropped since the program started.
    pub(crate) dropped: u64,
    /// Samples dropped because they are invalid.
    pub(crate) misfits: u64,
    /// Why the first of them was dropped.
    pub(crate) reason: Option<String>,
    /// Whether the family was written in blocks that were not compared.
    is_rendered: bool,
}

/// Buffers in which a point is assembled.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) buckets: Vec<(f64, u64)>,
    pub(crate) exemplars: Vec<Option<Arc<Exemplar>>>,
}

impl Written {
    fn clear(&mut self) {
        self.blocks.clear();
        self.ranges.clear();
        self.duplicates = 0;
        self.misfits = 0;
        self.reason = None;
        self.dropped = 0;
        self.is_rendered = false;
    }

    /// Returns the number of samples, those that were dropped included.
    pub(super) fn samples(&self) -> u64 {
        self.ranges.len() as u64 + self.duplicates + self.misfits
    }

    /// Drops the references of a scrape, and returns whether the buffers are small enough to be kept.
    pub(crate) fn is_spare(&mut self) -> bool {
        self.scratch.exemplars.clear();
        self.blocks.capacity() <= 1 << 20 && self.ranges.capacity() <= 1 << 16
    }

    /// Inserts the block of these pairs, and returns it unless it was written before.
    fn insert<'p>(&mut self, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Option<&str> {
        let Self { blocks, ranges, hasher, .. } = self;
        let start = blocks.len();
        labels::render(pairs, blocks);
        let range = (start, blocks.len());
        let text = |&(start, end): &(usize, usize)| blocks.get(start..end).unwrap_or_default();
        let block = text(&range);
        let hash = hasher.hash_one(block);
        if ranges.find(hash, |other| text(other) == block).is_some() {
            blocks.truncate(start);
            self.duplicates += 1;
            return None;
        }
        ranges.insert_unique(hash, range, |other| hasher.hash_one(text(other)));
        self.blocks.get(start..)
    }
}
