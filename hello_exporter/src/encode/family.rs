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
        if names.len() != values.len() {
            self.written.misfits += 1;
            return;
        }
        let pairs = names.iter().map(AsRef::as_ref).zip(values.iter().copied());
        self.point(pairs, Point::Number(value), None);
    }

    /// Writes one point under labels that bring their own names, unless that label set was written
    /// before. The timestamp is in milliseconds.
    pub(crate) fn point<'p>(
        &mut self,
        labels: impl IntoIterator<Item = (&'p str, &'p str)>,
        point: Point<'_>,
        timestamp: Option<i64>,
    ) {
        let Some(block) = self.written.insert(labels) else {
            return;
        };
        point.encode(self.metric, LabelBlock::Text(block), timestamp, self.encoder);
    }

    /// Writes a point whose block was rendered before, and is known to be written once.
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
    /// Samples dropped because they had the wrong number of label values.
    pub(crate) misfits: u64,
}

impl Written {
    fn clear(&mut self) {
        self.blocks.clear();
        self.ranges.clear();
        self.duplicates = 0;
        self.misfits = 0;
        self.dropped = 0;
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
