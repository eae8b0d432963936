//! The memory behind a store: chunks of records, and their index.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::chunk::{Chunk, Layout, Record, Records};
use super::index::{Index, Location};

/// Records and their index. Cloning it clones two references.
#[derive(Clone)]
pub(super) struct Storage {
    index: Index,
    chunks: Arc<[Chunk]>,
}

impl Default for Storage {
    fn default() -> Self {
        Self { index: Index::with_capacity(0), chunks: Arc::new([]) }
    }
}

impl Storage {
    const FIRST_CHUNK_WORDS: usize = 32;

    /// Where the records end of the one chunk that can get more.
    ///
    /// A walk through all records asks this first, and stops there: a series that is removed and created
    /// again while the walk is under way would be met twice, at its old place and behind all others.
    pub(super) fn end(&self) -> usize {
        self.chunks.last().map_or(0, Chunk::end)
    }

    /// A chunk and where its records end, in a walk that stops at `end`.
    pub(super) fn part(&self, at: usize, end: usize) -> Option<(&Chunk, usize)> {
        let chunk = self.chunks.get(at)?;
        let is_last = at + 1 == self.chunks.len();
        Some((chunk, if is_last { end } else { chunk.end() }))
    }

    /// All records that are not removed, in the order of their creation.
    pub(super) fn walk(&self, layout: Layout) -> Walk<'_> {
        Walk { storage: self, layout, next_chunk: 0, end: self.end(), records: Records::default() }
    }

    #[inline(always)]
    pub(super) fn record(&self, location: Location, layout: Layout) -> Option<Record<'_>> {
        self.chunks.get(location.chunk())?.record(location.offset(), layout)
    }

    /// The value at a place that a pin has named.
    #[inline(always)]
    pub(super) fn value(&self, location: Location, layout: Layout) -> Option<&[AtomicU64]> {
        self.chunks.get(location.chunk())?.value(location.offset(), layout)
    }

    /// The record with this hash that `is_it` accepts, and where it is.
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

    pub(super) fn has_room(&self, record_words: usize, used: usize) -> bool {
        self.index.has_room(used) && self.last_has_room(record_words)
    }

    fn last_has_room(&self, record_words: usize) -> bool {
        self.chunks.last().is_some_and(|chunk| chunk.free() >= record_words)
    }

    pub(super) fn has_index_of(&self, other: &Self) -> bool {
        self.index.is(&other.index)
    }

    /// How many words there are, used or not.
    pub(super) fn words(&self) -> usize {
        self.chunks.iter().map(Chunk::words).sum()
    }

    /// The same series, at the same places, with room for one more record beside those that are `live`
    /// and those whose slots in the index are `used`, or nothing where that cannot be addressed.
    ///
    /// Chunks grow by an eighth of all there is, so that little lies idle and their number stays
    /// small; the index doubles, or only sheds its removed entries.
    pub(super) fn grown(
        &self,
        record_words: usize,
        live: usize,
        used: usize,
        layout: Layout,
    ) -> Option<Self> {
        let chunks = match self.last_has_room(record_words) {
            true => Arc::clone(&self.chunks),
            false => self.with_chunk(record_words)?,
        };
        let lower_hash = |at| self.record(at, layout).map(|record| record.header.hash());
        let index = match self.index.has_room(used) {
            true => self.index.clone(),
            false => self.index.resized(live + 1, lower_hash),
        };
        Some(Self { index, chunks })
    }

    /// All chunks and a new one in which the record has its place.
    fn with_chunk(&self, record_words: usize) -> Option<Arc<[Chunk]>> {
        let wanted = Chunk::HEAD + record_words;
        let eighth = (self.words() / 8).min(Location::MAX_CHUNK_WORDS);
        let words = wanted.max(eighth).max(Self::FIRST_CHUNK_WORDS);
        if self.chunks.len() >= Location::MAX_CHUNKS || words > Location::MAX_CHUNK_WORDS {
            return None;
        }
        Some(self.chunks.iter().cloned().chain([Chunk::new(words)]).collect())
    }

    /// Writes a record behind the last one and publishes it. Only the writer calls this.
    pub(super) fn append(&self, record: &[u64], hash: u64, layout: Layout) -> bool {
        let last = self.chunks.iter().enumerate().next_back();
        let location =
            last.and_then(|(at, chunk)| Location::new(at, chunk.append(record, layout)?));
        location.is_some_and(|location| self.index.insert(hash, location))
    }

    /// Takes a record out of the index.
    pub(super) fn forget(&self, location: Location, lower_hash: u64) {
        self.index.remove(location, lower_hash);
    }

    fn hash_of(&self, chunk: usize, offset: usize, record: Record<'_>) -> u64 {
        let lower_hash = record.header.hash();
        let location = Location::new(chunk, offset);
        location.map_or(lower_hash, |location| self.index.hash_of(location, lower_hash))
    }

    /// The live records alone, close together, or nothing where that cannot be. Nobody updates them
    /// meanwhile.
    pub(super) fn compacted(&self, live: usize, layout: Layout) -> Option<Self> {
        let words: usize = self.walk(layout).map(|(_, _, record)| record.length()).sum();
        let first = Chunk::new((Chunk::HEAD + words).min(Location::MAX_CHUNK_WORDS));
        let mut compacted =
            Self { index: Index::with_capacity(live + 1), chunks: Arc::new([first]) };
        for (chunk, offset, record) in self.walk(layout) {
            let words = record.copy();
            if !compacted.last_has_room(words.len()) {
                compacted.chunks = compacted.with_chunk(words.len())?;
            }
            if !compacted.append(&words, self.hash_of(chunk, offset, record), layout) {
                return None;
            }
        }
        Some(compacted)
    }
}

/// All records of a storage that are not removed: the number of their chunk, their offset in it, and
/// themselves.
pub(super) struct Walk<'s> {
    storage: &'s Storage,
    layout: Layout,
    next_chunk: usize,
    /// Where the last chunk ended when the walk began.
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
