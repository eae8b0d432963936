//! Which record belongs to which hash.

use std::sync::atomic::{AtomicU64, Ordering};

/// Where a record lies.
#[derive(Clone, Copy)]
pub(super) struct Location {
    pub(super) chunk: usize,
    pub(super) offset: usize,
}

/// A hash table with open addressing, read without a lock and only ever added to.
///
/// An entry holds the upper bits of the hash, the number of the chunk from one on, and the offset
/// in it. Zero is no entry.
pub(super) struct Index {
    entries: Box<[AtomicU64]>,
}

impl Index {
    const OFFSET_BITS: u32 = 28;
    const CHUNK_BITS: u32 = 12;
    pub(super) const MAX_CHUNK_WORDS: usize = 1 << Self::OFFSET_BITS;
    pub(super) const MAX_CHUNKS: usize = (1 << Self::CHUNK_BITS) - 1;
    const TAG: u64 = u64::MAX << (Self::OFFSET_BITS + Self::CHUNK_BITS);

    pub(super) fn new(capacity: usize) -> Self {
        Self { entries: (0..capacity).map(|_| AtomicU64::new(0)).collect() }
    }

    /// One more entry leaves a fifth free, so that every search ends soon.
    pub(super) fn has_room(&self, entries: usize) -> bool {
        (entries + 1) * 5 <= self.entries.len() * 4
    }

    /// The slots of a hash, in the order in which they are probed.
    fn probe(&self, hash: u64) -> impl Iterator<Item = &AtomicU64> {
        let mask = self.entries.len().wrapping_sub(1);
        let start = hash as usize;
        (0..self.entries.len())
            .map_while(move |step| self.entries.get(start.wrapping_add(step) & mask))
    }

    /// The records whose hash agrees in its upper bits.
    pub(super) fn candidates(&self, hash: u64) -> impl Iterator<Item = Location> {
        self.probe(hash)
            .map(|slot| slot.load(Ordering::Acquire))
            .take_while(|&entry| entry != 0)
            .filter(move |entry| (entry ^ hash) & Self::TAG == 0)
            .filter_map(Self::location)
    }

    fn location(entry: u64) -> Option<Location> {
        let chunk = (entry >> Self::OFFSET_BITS) as usize & Self::MAX_CHUNKS;
        let offset = entry as usize & (Self::MAX_CHUNK_WORDS - 1);
        Some(Location { chunk: chunk.checked_sub(1)?, offset })
    }

    pub(super) fn insert(&self, hash: u64, location: Location) -> bool {
        let chunk = (location.chunk as u64 + 1) << Self::OFFSET_BITS;
        self.put(hash, hash & Self::TAG | chunk | location.offset as u64)
    }

    fn put(&self, hash: u64, entry: u64) -> bool {
        let free = self.probe(hash).find(|slot| slot.load(Ordering::Relaxed) == 0);
        free.inspect(|slot| slot.store(entry, Ordering::Release)).is_some()
    }

    /// Twice the size. The positions come from the lower half of the hash, which the records keep, and
    /// `lower_hash` reads.
    pub(super) fn doubled(&self, lower_hash: impl Fn(Location) -> Option<u64>) -> Self {
        let doubled = Self::new((self.entries.len() * 2).max(8));
        for entry in self.entries.iter().map(|slot| slot.load(Ordering::Relaxed)) {
            if let Some(hash) = Self::location(entry).and_then(&lower_hash) {
                doubled.put(hash, entry);
            }
        }
        doubled
    }
}
