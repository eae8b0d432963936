//! The index of a store: a hash table of the locations of records.

use std::num::NonZeroU64;
use std::sync::Arc;

use super::sizes::FEWEST_SLOTS;
use crate::sync::modelled::{AtomicU64, Ordering};

/// The location of a record in one word: the number of its chunk, counted from one, and its offset.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Location(NonZeroU64);

impl Location {
    const OFFSET_BITS: u32 = 28;
    /// Enough for 400 GiB: each chunk is a sixteenth of the others, up to 2 GiB.
    const CHUNK_BITS: u32 = 9;
    const BITS: u32 = Self::OFFSET_BITS + Self::CHUNK_BITS;
    pub(super) const MAX_CHUNK_WORDS: usize = 1 << Self::OFFSET_BITS;
    pub(super) const MAX_CHUNKS: usize = (1 << Self::CHUNK_BITS) - 1;

    pub(super) fn new(chunk: usize, offset: usize) -> Option<Self> {
        Self::from_word((chunk as u64 + 1) << Self::OFFSET_BITS | offset as u64)
    }

    /// Returns the location in the lower bits of a word; `None` if their chunk is zero.
    #[inline(always)]
    pub(super) fn from_word(word: u64) -> Option<Self> {
        let word = word & ((1 << Self::BITS) - 1);
        NonZeroU64::new(word).filter(|word| word.get() >> Self::OFFSET_BITS > 0).map(Self)
    }

    /// Returns the location `words` after this one, in the same chunk.
    pub(super) fn advanced_by(self, words: usize) -> Option<Self> {
        Self::new(self.chunk(), self.offset() + words)
    }

    pub(super) fn to_word(self) -> u64 {
        self.0.get()
    }

    #[inline(always)]
    pub(super) fn chunk(self) -> usize {
        (self.0.get() >> Self::OFFSET_BITS) as usize - 1
    }

    #[inline(always)]
    pub(super) fn offset(self) -> usize {
        self.0.get() as usize & (Self::MAX_CHUNK_WORDS - 1)
    }
}

/// A hash table with open addressing, which can be read while the writer inserts.
///
/// An entry holds the upper bits of the hash and a [`Location`]. A free slot is zero. The search
/// for a hash starts at the slot that those bits and the next lower ones,
/// [`low_hash`](Self::low_hash), select. The record holds the latter, so that a larger index needs
/// no other bits of the hash.
#[derive(Clone)]
pub(super) struct Index(Arc<[AtomicU64]>);

impl Index {
    const TAG: u64 = u64::MAX << Location::BITS;
    /// A removed entry: no location has the chunk zero.
    const REMOVED: u64 = 1;
    pub(super) const LOW_HASH_BITS: u32 = 4;
    const LOW_HASH_AT: u32 = Location::BITS - Self::LOW_HASH_BITS;

    /// Returns the bits of a hash below those of an entry.
    pub(super) fn low_hash(hash: u64) -> u64 {
        hash >> Self::LOW_HASH_AT & ((1 << Self::LOW_HASH_BITS) - 1)
    }

    /// Makes an index for this number of entries. The number of slots is a power of two and at
    /// least twice as large, or 0 if `entries` is 0.
    pub(super) fn with_capacity(entries: usize) -> Self {
        let slots =
            if entries == 0 { 0 } else { (entries * 2).next_power_of_two().max(FEWEST_SLOTS) };
        Self((0..slots).map(|_| AtomicU64::new(0)).collect())
    }

    /// Returns whether one more entry leaves a fifth of the slots free, so that searches end soon.
    pub(super) fn has_room(&self, used: usize) -> bool {
        (used + 1) * 5 <= self.0.len() * 4
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Iterates over the slots of a hash, in the order of probing.
    #[inline(always)]
    fn probe(&self, hash: u64) -> impl Iterator<Item = &AtomicU64> {
        let slots = &*self.0;
        let mask = slots.len().wrapping_sub(1);
        let start = (hash >> Self::LOW_HASH_AT) as usize;
        (0..slots.len()).map_while(move |step| slots.get(start.wrapping_add(step) & mask))
    }

    /// Returns the first `Some` that `find` returns for a record whose hash has the same upper
    /// bits.
    #[inline(always)]
    pub(super) fn find_map<R>(&self, hash: u64, find: impl Fn(Location) -> Option<R>) -> Option<R> {
        for slot in self.probe(hash) {
            let entry = slot.load(Ordering::Acquire);
            if entry == 0 {
                break;
            }
            if (entry ^ hash) & Self::TAG == 0
                && let Some(found) = Location::from_word(entry).and_then(&find)
            {
                return Some(found);
            }
        }
        None
    }

    pub(super) fn insert(&self, hash: u64, location: Location) -> bool {
        self.put(hash, hash & Self::TAG | location.to_word())
    }

    fn put(&self, hash: u64, entry: u64) -> bool {
        let free = self.probe(hash).find(|slot| slot.load(Ordering::Relaxed) == 0);
        free.inspect(|slot| slot.store(entry, Ordering::Release)).is_some()
    }

    /// Returns the slot of a record.
    fn slot(&self, location: Location, hash: u64) -> Option<&AtomicU64> {
        let is_it =
            |slot: &&AtomicU64| slot.load(Ordering::Relaxed) & !Self::TAG == location.to_word();
        self.probe(hash).find(is_it)
    }

    /// Removes an entry. Its slot is not reused, because searches for other entries go past it.
    pub(super) fn remove(&self, location: Location, hash: u64) {
        if let Some(slot) = self.slot(location, hash) {
            slot.store(Self::REMOVED, Ordering::Release);
        }
    }

    /// Copies the entries to an index with room for `entries`. `low_hash` reads the bits of a hash
    /// that an entry does not have from its record.
    pub(super) fn resized(
        &self,
        entries: usize,
        low_hash: impl Fn(Location) -> Option<u64>,
    ) -> Self {
        let resized = Self::with_capacity(entries);
        for entry in self.0.iter().map(|slot| slot.load(Ordering::Relaxed)) {
            if let Some(low_hash) = Location::from_word(entry).and_then(&low_hash) {
                resized.put(entry & Self::TAG | low_hash << Self::LOW_HASH_AT, entry);
            }
        }
        resized
    }
}
