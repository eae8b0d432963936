//! The label sets that a scrape has written to a family, and the buffers that it reuses.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::{Exemplar, NativeScratch, Reset};
use crate::labels;

/// The label sets that one collector has written to one family in one scrape, and the samples that
/// were dropped.
#[derive(Default)]
pub(crate) struct Written {
    /// All label sets, rendered, one after the other.
    rendered: String,
    pub(super) ranges: HashTable<(usize, usize)>,
    hasher: RandomState,
    /// The number of samples dropped because their labels were written before.
    pub(crate) duplicates: u64,
    /// Boxed, so that taking it moves only a pointer. `None` while it is in use, and at first.
    pub(super) scratch: Option<Box<Scratch>>,
    /// The number of updates that the metric has dropped so far.
    pub(crate) dropped: u64,
    /// The number of samples dropped because they are invalid.
    pub(crate) invalid: u64,
    /// The reason for the first invalid sample.
    pub(crate) reason: Option<String>,
    /// Whether a live metric outside a row has begun to write the family. Its label sets are not
    /// checked for duplicates.
    pub(super) is_rendered: bool,
    /// The number of series that a live metric outside a row has written.
    pub(super) live_series: u64,
    /// Whether samples are counted, as duplicates, and not written.
    only_counts: bool,
    /// Whether the collector was made for this scrape.
    pub(crate) is_made: bool,
    /// The metrics to reset once the scrape has ended.
    pub(crate) resets: Vec<Arc<dyn Reset>>,
}

/// Buffers in which a sample is assembled.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) buckets: Vec<(f64, u64)>,
    pub(crate) exemplars: Vec<Option<Arc<Exemplar>>>,
    pub(crate) native: NativeScratch,
    /// The counts of classic buckets, which are not cumulative.
    pub(crate) counts: Vec<u64>,
    /// The labels of a series, or the prefix of its line.
    pub(crate) labels: Vec<u8>,
}

impl Written {
    /// Returns a state in which samples are counted, as duplicates, and not written.
    pub(crate) fn counting() -> Self {
        Self { only_counts: true, ..Self::default() }
    }

    pub(super) fn clear(&mut self) {
        self.rendered.clear();
        self.ranges.clear();
        self.duplicates = 0;
        self.invalid = 0;
        self.reason = None;
        self.dropped = 0;
        self.is_rendered = false;
        self.live_series = 0;
    }

    /// Returns the number of series written.
    pub(super) fn series(&self) -> u64 {
        if self.only_counts { 0 } else { self.ranges.len() as u64 + self.live_series }
    }

    /// Returns the number of samples, including duplicates and invalid ones, but not those of a
    /// live metric outside a row.
    pub(crate) fn samples(&self) -> u64 {
        self.ranges.len() as u64 + self.duplicates + self.invalid
    }

    /// Releases the exemplars of the last scrape. Returns whether the buffers are small enough to
    /// reuse.
    pub(crate) fn prepare_reuse(&mut self) -> bool {
        if let Some(scratch) = &mut self.scratch {
            scratch.exemplars.clear();
        }
        let labels = self.scratch.as_ref().map_or(0, |scratch| scratch.labels.capacity());
        self.rendered.capacity().max(labels) <= 1 << 20 && self.ranges.capacity() <= 1 << 16
    }

    /// Renders a label set, and returns it unless it was written before. Returns `None` if samples
    /// are only counted.
    pub(super) fn insert<'p>(
        &mut self,
        pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Option<&str> {
        if self.only_counts {
            self.duplicates += 1;
            return None;
        }
        let Self { rendered, ranges, hasher, .. } = self;
        let start = rendered.len();
        labels::render(pairs, rendered);
        let range = (start, rendered.len());
        let text = |&(start, end): &(usize, usize)| rendered.get(start..end).unwrap_or_default();
        let labels = text(&range);
        let hash = hasher.hash_one(labels);
        if ranges.find(hash, |other| text(other) == labels).is_some() {
            rendered.truncate(start);
            self.duplicates += 1;
            return None;
        }
        ranges.insert_unique(hash, range, |other| hasher.hash_one(text(other)));
        self.rendered.get(start..)
    }
}
