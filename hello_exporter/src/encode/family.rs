//! What a collector writes its samples to.

use std::fmt::Display;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::{Encoder, Exemplar, Prepared, Sample, SampleValue};
use crate::desc::{Desc, MetricType};
use crate::labels::{self, LabelBlock, Labels};

/// One metric family of one collector, being written.
///
/// [`Collect::collect`](crate::collect::Collect::collect) is handed one, and calls [`sample`](Self::sample)
/// for every series. A label set that was written already is dropped: the first one stays, so that
/// the exposition stays valid, and what was dropped is counted.
pub struct FamilyEncoder<'a> {
    metric: &'a Prepared,
    encoder: &'a mut dyn Encoder,
    written: &'a mut Written,
    /// The values of the labels that stand in front of those that a metric knows of.
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

    /// Hands out the family as the metrics of one row see it: these label values stand in front of theirs.
    pub(crate) fn within(&mut self, labels: &[&str], write: impl FnOnce(&mut FamilyEncoder<'_>)) {
        let outer = [self.outer, labels].concat();
        write(&mut FamilyEncoder {
            metric: self.metric,
            encoder: self.encoder,
            written: self.written,
            outer: &outer,
        });
    }

    /// The family, with the prefix and the constant labels of its registration.
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
    /// A sample that cannot be exposed is dropped and counted: one with another number of label
    /// values, a histogram where the [`Desc`] says gauge, an info that is not 1, any of a state
    /// set, which a [`StateSet`](crate::StateSet) alone can write. A counter that is negative or
    /// NaN is exposed; [`testing::lint`](crate::testing::lint) reports it.
    pub fn sample<'p>(&mut self, labels: impl Labels, value: impl Into<Sample<'p>>) {
        let point = value.into();
        labels.with_values(|values| self.sample_of(values, &point));
    }

    pub(crate) fn sample_of(&mut self, values: &[&str], point: &Sample<'_>) {
        let (names, outer) = (self.metric.desc.labels(), self.outer);
        let is_set = self.metric.desc.metric_type() == MetricType::StateSet;
        if names.len() != outer.len() + values.len() || is_set {
            return self.misfit();
        }
        let values = outer.iter().chain(values).copied();
        self.point(names.iter().map(AsRef::as_ref).zip(values), point);
    }

    /// The labels of the row, with their names.
    fn outer_labels<'s>(&self) -> impl Iterator<Item = (&'s str, &'s str)> + use<'s, 'a>
    where
        'a: 's,
    {
        let names = self.metric.desc.labels().iter().map(AsRef::as_ref);
        names.zip(self.outer.iter().copied())
    }

    /// The names of the labels that a metric itself knows of.
    fn inner_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.metric.desc.labels().iter().skip(self.outer.len()).map(AsRef::as_ref)
    }

    /// Writes one point under labels whose names are the Desc's, unless that label set was written
    /// before.
    fn point<'p>(
        &mut self,
        labels: impl IntoIterator<Item = (&'p str, &'p str)>,
        point: &Sample<'_>,
    ) {
        if self.written.is_rendered || !point.fits(self.metric.desc.metric_type()) {
            return self.misfit();
        }
        if let Some(block) = self.written.insert(labels) {
            self.encoder.point(self.metric, LabelBlock(block.as_bytes()), point);
        }
    }

    /// Writes one point under labels that bring their own names, if they are sound, and that label set
    /// was not written before.
    #[cfg_attr(not(feature = "prometheus"), expect(dead_code, reason = "foreign metrics only"))]
    pub(crate) fn foreign_point(&mut self, labels: &[(&str, &str)], point: &Sample<'_>) {
        match self.metric.desc.accepts_labels(labels) {
            true => self.point(labels.iter().copied(), point),
            false => self.misfit(),
        }
    }

    /// Writes one state of a set under the label that a set brings.
    pub(crate) fn state(&mut self, state: &str, is_on: bool) {
        let desc = &self.metric.desc;
        if desc.metric_type() != MetricType::StateSet || self.inner_names().next().is_some() {
            return self.misfit();
        }
        let labels = self.outer_labels().chain([(desc.name(), state)]);
        self.point(labels, &Sample::from(is_on));
    }

    /// Counts a sample that cannot be exposed.
    pub(crate) fn misfit(&mut self) {
        self.written.misfits += 1;
    }

    /// Counts a sample that cannot be exposed, and keeps the first reason for the log.
    #[cfg_attr(not(feature = "prometheus"), expect(dead_code, reason = "foreign metrics only"))]
    pub(crate) fn refuse(&mut self, reason: &dyn Display) {
        self.misfit();
        self.written.reason.get_or_insert_with(|| reason.to_string());
    }

    /// Says that points of a metric of this type follow, under blocks with these label names, each of
    /// them once. False, and noted, where that is not what the Desc says, or where the family has samples
    /// already: then they must not be written.
    pub(crate) fn begin_rendered<'n>(
        &mut self,
        metric_type: MetricType,
        names: impl Iterator<Item = &'n str>,
    ) -> bool {
        let is_first = !self.written.is_rendered && self.written.ranges.is_empty();
        let is_own = metric_type == self.metric.desc.metric_type() && names.eq(self.inner_names());
        // The blocks of a row are not the whole of its labels, and are compared like those of any other.
        if self.is_row() {
            self.written.misfits += u64::from(!is_own);
            return is_own;
        }
        self.written.is_rendered = true;
        self.written.misfits += u64::from(!(is_first && is_own));
        is_first && is_own
    }

    /// Writes the only point of a metric without labels.
    pub(crate) fn only(&mut self, metric_type: MetricType, point: &Sample<'_>) {
        if self.begin_rendered(metric_type, std::iter::empty()) {
            self.rendered(LabelBlock::EMPTY, point);
        }
    }

    /// Writes a point behind [`begin_rendered`](Self::begin_rendered).
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

    /// Writes points that are nothing but numbers, behind [`begin_rendered`](Self::begin_rendered).
    ///
    /// Lines are written without a call of the encoder for each, in the loop that walks through the records.
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

    /// Whether the format has a place for exemplars in this family.
    pub(crate) fn takes_exemplars(&self) -> bool {
        self.encoder.takes_exemplars()
    }

    /// Hands out memory that outlives the scrape.
    pub(crate) fn with_scratch<R>(
        &mut self,
        write: impl FnOnce(&mut Self, &mut Scratch) -> R,
    ) -> R {
        let mut scratch = std::mem::take(&mut self.written.scratch);
        let result = write(self, &mut scratch);
        self.written.scratch = scratch;
        result
    }

    /// Notes how many updates the metric, which may be one of many rows, has dropped since the program started,
    /// because they would have made more series than it may hold.
    pub(crate) fn dropped(&mut self, total: u64) {
        self.written.dropped += total;
    }
}

/// The label sets that one collector has written to one family by value, in one scrape.
#[derive(Default)]
pub(crate) struct Written {
    /// All blocks, one behind the other.
    blocks: String,
    ranges: HashTable<(usize, usize)>,
    hasher: RandomState,
    /// Samples dropped because their label set was there already.
    pub(crate) duplicates: u64,
    scratch: Scratch,
    /// Updates that the metric has dropped since the program started.
    pub(crate) dropped: u64,
    /// Samples dropped because they are not those of the family.
    pub(crate) misfits: u64,
    /// Why the first of them was dropped, where that is known.
    pub(crate) reason: Option<String>,
    /// Whether the family was written in blocks that nobody has compared.
    is_rendered: bool,
}

/// Where a point is put together.
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

    /// Lets go of what a scrape has referred to. Whether what is left is little enough to be kept for the
    /// next.
    pub(crate) fn is_spare(&mut self) -> bool {
        self.scratch.exemplars.clear();
        self.blocks.capacity() <= 1 << 20 && self.ranges.capacity() <= 1 << 16
    }

    /// The block of these pairs, or nothing where it is here already.
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
