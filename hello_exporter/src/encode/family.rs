//! What a collector writes its samples to.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::{Encoder, Number, Point};
use crate::desc::{Desc, Prepared};
use crate::labels::{self, LabelBlock, Labels};

/// One metric family of one collector, being written.
///
/// [`Collect::collect`](crate::Collect::collect) is handed one, and calls [`sample`](Self::sample)
/// for every series. A label set that was written already is dropped: the first one stays, so that
/// the exposition stays valid, and what was dropped is counted.
pub struct FamilyEncoder<'a> {
    metric: &'a Prepared,
    encoder: &'a mut dyn Encoder,
    written: &'a mut Written,
}

impl<'a> FamilyEncoder<'a> {
    pub(crate) fn new(
        metric: &'a Prepared,
        encoder: &'a mut dyn Encoder,
        written: &'a mut Written,
    ) -> Self {
        written.clear();
        Self { metric, encoder, written }
    }

    /// The family, with the prefix and the constant labels of its registration.
    pub fn desc(&self) -> &Desc {
        &self.metric.desc
    }

    /// Writes the sample of a family without variable labels.
    pub fn value(&mut self, value: impl Into<Number>) {
        self.sample([""; 0], value);
    }

    /// Writes one sample: as many label values as the [`Desc`] has labels, and the value.
    ///
    /// A sample with another number of values cannot be exposed; it is dropped and counted.
    pub fn sample(&mut self, labels: impl Labels, value: impl Into<Number>) {
        let value = value.into();
        labels.with_values(|values| self.sample_of(values, value));
    }

    pub(crate) fn sample_of(&mut self, values: &[&str], value: Number) {
        let names = self.metric.desc.labels();
        if names.len() != values.len() || self.written.is_rendered {
            self.written.misfits += 1;
            return;
        }
        let pairs = names.iter().map(AsRef::as_ref).zip(values.iter().copied());
        self.point(pairs, Point::Number(value), None);
    }

    /// Writes one point under labels whose names are the Desc's, unless that label set was written
    /// before. The timestamp is in milliseconds.
    pub(crate) fn point<'p>(
        &mut self,
        labels: impl IntoIterator<Item = (&'p str, &'p str)>,
        point: Point<'_>,
        timestamp: Option<i64>,
    ) {
        if let Some(block) = self.written.insert(labels) {
            point.encode(self.metric, LabelBlock::Text(block), timestamp, self.encoder);
        }
    }

    /// Writes one point under labels that bring their own names, if they are sound, and that label set
    /// was not written before.
    #[cfg_attr(not(feature = "prometheus"), expect(dead_code, reason = "foreign metrics only"))]
    pub(crate) fn foreign_point(
        &mut self,
        labels: &[(&str, &str)],
        point: Point<'_>,
        timestamp: Option<i64>,
    ) {
        match self.metric.desc.accepts_labels(labels) {
            true => self.point(labels.iter().copied(), point, timestamp),
            false => self.misfit(),
        }
    }

    /// Notes a sample that cannot be exposed.
    pub(crate) fn misfit(&mut self) {
        self.written.misfits += 1;
    }

    /// Says that blocks with these label names follow, each of them once. False, and noted, where they
    /// are not the Desc's, or where the family has samples already: then they must not be written.
    pub(crate) fn begin_rendered<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> bool {
        let is_first = !self.written.is_rendered && self.written.blocks.is_empty();
        let is_sound = is_first && names.eq(self.metric.desc.labels().iter().map(AsRef::as_ref));
        self.written.is_rendered = true;
        self.written.misfits += u64::from(!is_sound);
        is_sound
    }

    /// Writes the only point of a metric without labels.
    pub(crate) fn only(&mut self, point: Point<'_>) {
        if self.begin_rendered(std::iter::empty()) {
            self.rendered(LabelBlock::EMPTY, point);
        }
    }

    /// Writes a point behind [`begin_rendered`](Self::begin_rendered).
    pub(crate) fn rendered(&mut self, block: LabelBlock<'_>, point: Point<'_>) {
        point.encode(self.metric, block, None, self.encoder);
    }

    /// Runs `write` with an empty list of buckets, whose memory is used again.
    pub(crate) fn with_buckets(&mut self, write: impl FnOnce(&mut Self, &mut Vec<(f64, u64)>)) {
        let mut buckets = std::mem::take(&mut self.written.buckets);
        buckets.clear();
        write(self, &mut buckets);
        self.written.buckets = buckets;
    }

    /// Notes how many updates the metric has dropped since the program started, because they would
    /// have made more series than it may hold.
    pub(crate) fn dropped(&mut self, total: u64) {
        self.written.dropped = total;
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
    buckets: Vec<(f64, u64)>,
    /// Updates that the metric has dropped since the program started.
    pub(crate) dropped: u64,
    /// Samples dropped because their labels are not those of the family.
    pub(crate) misfits: u64,
    /// Whether the family was written in blocks that nobody has compared.
    is_rendered: bool,
}

impl Written {
    fn clear(&mut self) {
        self.blocks.clear();
        self.ranges.clear();
        self.duplicates = 0;
        self.misfits = 0;
        self.dropped = 0;
        self.is_rendered = false;
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
