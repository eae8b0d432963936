//! The memory of a store: chunks of records, and their index.

use std::sync::Arc;

use super::chunk::{Chunk, Layout, Placement, Record, Records};
use super::index::{Index, Location};
use super::sizes::{FEWEST_CHUNK_WORDS, FEWEST_PACKED_WORDS};
use super::value::SeriesValue;
use crate::metric::native::NativeHistogram;

/// Records and their index. Cloning it clones two references.
#[derive(Clone)]
pub(super) struct Storage {
    index: Index,
    chunks: Arc<[Chunk]>,
    /// The number of words of all chunks, used or not.
    words: usize,
}

impl Default for Storage {
    fn default() -> Self {
        Self { index: Index::with_capacity(0), chunks: Arc::new([]), words: 0 }
    }
}

impl Storage {
    /// Returns the end of the records of the last chunk, the only one that grows.
    ///
    /// A walk through all records reads this first, and stops there. Otherwise, if a series is
    /// removed and created again meanwhile, the walk would see it twice: at its old location, and
    /// after all others.
    pub(super) fn end(&self) -> usize {
        self.chunks.last().map_or(0, Chunk::end)
    }

    /// Returns the chunk at index `at`, and the end of its records, for a walk that stops at `end`.
    pub(super) fn part(&self, at: usize, end: usize) -> Option<(&Chunk, usize)> {
        let chunk = self.chunks.get(at)?;
        let is_last = at + 1 == self.chunks.len();
        Some((chunk, if is_last { end } else { chunk.end() }))
    }

    /// Iterates over all records that are not tombstones, in the order of their creation.
    pub(super) fn walk(&self, layout: Layout) -> Walk<'_> {
        Walk { storage: self, layout, next_chunk: 0, end: self.end(), records: Records::default() }
    }

    #[inline(always)]
    pub(super) fn record(&self, location: Location, layout: Layout) -> Option<Record<'_>> {
        self.chunks.get(location.chunk())?.record(location.offset(), layout)
    }

    /// Returns the value at the location of a cached lookup.
    #[inline(always)]
    pub(super) fn value(&self, location: Location, layout: Layout) -> Option<SeriesValue<'_>> {
        let chunk = self.chunks.get(location.chunk())?;
        Some(SeriesValue::new(chunk.state(location.offset(), layout)?, chunk.natives(), layout))
    }

    /// Returns the value of a record of the chunk number `chunk`.
    #[inline(always)]
    pub(super) fn value_of<'s>(
        &'s self,
        chunk: usize,
        record: Record<'s>,
        layout: Layout,
    ) -> SeriesValue<'s> {
        let natives = self.chunks.get(chunk).map_or(&[][..], Chunk::natives);
        SeriesValue::new(record.state, natives, layout)
    }

    /// Returns the record with this hash that `is_it` accepts, and its location.
    #[inline(always)]
    pub(super) fn find(
        &self,
        hash: u64,
        layout: Layout,
        is_it: impl Fn(Record<'_>) -> bool,
    ) -> Option<(Location, Record<'_>)> {
        self.index.find_map(hash, |location| {
            let record = self.record(location, layout)?;
            is_it(record).then_some((location, record))
        })
    }

    pub(super) fn has_room(&self, record_words: usize, used: usize, layout: Layout) -> bool {
        self.index.has_room(used) && self.last_has_room(record_words, layout)
    }

    fn last_has_room(&self, record_words: usize, layout: Layout) -> bool {
        let placement = self.placement();
        self.chunks.last().is_some_and(|chunk| chunk.has_room(record_words, placement, layout))
    }

    pub(super) fn has_index_of(&self, other: &Self) -> bool {
        self.index.is(&other.index)
    }

    /// Returns the number of words, used or not.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    fn placement(&self) -> Placement {
        if self.words < FEWEST_PACKED_WORDS { Placement::Alone } else { Placement::Packed }
    }

    /// Returns a storage of the same series, at the same locations, with room for one more record;
    /// `None` if there are no more locations. `live` is the number of series, `used` the number of
    /// used slots of the index.
    ///
    /// A new chunk has a sixteenth of the words of all others, so that little memory is unused and
    /// chunks stay few. A full index drops its removed entries, and doubles if they were few.
    pub(super) fn grown(
        &self,
        record_words: usize,
        live: usize,
        used: usize,
        layout: Layout,
    ) -> Option<Self> {
        let low_hash = |at| self.record(at, layout).map(|record| record.header.low_hash());
        let index = if self.index.has_room(used) {
            self.index.clone()
        } else {
            self.index.resized(live + 1, low_hash)
        };
        let grown = Self { index, ..self.clone() };
        if grown.last_has_room(record_words, layout) {
            return Some(grown);
        }
        grown.with_chunk(record_words, layout)
    }

    /// Adds a chunk with room for the record.
    fn with_chunk(self, record_words: usize, layout: Layout) -> Option<Self> {
        let wanted = Chunk::words_for(record_words);
        let sixteenth = (self.words / 16).min(Location::MAX_CHUNK_WORDS);
        let words = wanted.max(sixteenth).max(FEWEST_CHUNK_WORDS);
        if self.chunks.len() >= Location::MAX_CHUNKS || words > Location::MAX_CHUNK_WORDS {
            return None;
        }
        let chunks = self.chunks.iter().cloned().chain([Chunk::new(words, layout)]).collect();
        Some(Self { chunks, words: self.words + words, ..self })
    }

    /// Appends a record and publishes it. Only the writer calls this.
    pub(super) fn append(
        &self,
        record: Vec<u64>,
        native: Option<Arc<NativeHistogram>>,
        hash: u64,
        layout: Layout,
    ) -> bool {
        let last = self.chunks.iter().enumerate().next_back();
        let location = last.and_then(|(at, chunk)| {
            Location::new(at, chunk.append(record, native, self.placement(), layout)?)
        });
        location.is_some_and(|location| self.index.insert(hash, location))
    }

    /// Removes a record from the index.
    pub(super) fn remove_from_index(&self, location: Location, hash: u64) {
        self.index.remove(location, hash);
    }

    /// Returns a storage of the live records alone, without gaps; `None` if they cannot be copied.
    /// The caller prevents updates meanwhile.
    pub(super) fn compacted(
        &self,
        live: usize,
        layout: Layout,
        hash_of: impl Fn(Record<'_>) -> u64,
    ) -> Option<Self> {
        let words: usize = self.walk(layout).map(|(_, _, record)| record.length()).sum();
        let words = (Chunk::FIRST_OFFSET + words).min(Location::MAX_CHUNK_WORDS);
        let first = Chunk::new(words, layout);
        let mut compacted =
            Self { index: Index::with_capacity(live + 1), chunks: Arc::new([first]), words };
        for (chunk, _, record) in self.walk(layout) {
            let words = record.copy();
            if !compacted.last_has_room(words.len(), layout) {
                compacted = compacted.with_chunk(words.len(), layout)?;
            }
            let native = self.chunks.get(chunk).and_then(|chunk| chunk.native(record, layout));
            if !compacted.append(words, native, hash_of(record), layout) {
                return None;
            }
        }
        Some(compacted)
    }
}

/// Iterates over the records of a storage that are not tombstones: the number of the chunk, the
/// offset in it, and the record.
pub(super) struct Walk<'s> {
    storage: &'s Storage,
    layout: Layout,
    next_chunk: usize,
    /// The end of the last chunk at the start of the walk.
    end: usize,
    records: Records<'s>,
}

impl<'s> Iterator for Walk<'s> {
    type Item = (usize, usize, Record<'s>);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((offset, record)) = self.records.next_live(self.layout) {
                return Some((self.next_chunk - 1, offset, record));
            }
            let (chunk, end) = self.storage.part(self.next_chunk, self.end)?;
            self.next_chunk += 1;
            self.records = chunk.records(0, end);
        }
    }
}
