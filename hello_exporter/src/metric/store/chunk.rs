//! The memory of series: records of words, one after the other.
//!
//! No other module of the store has unsafe code. This one reads the rendered labels of a record as
//! bytes. The safe alternative is to load words and shift them to the start of each label value,
//! which makes an increment one seventh slower. Reading bytes is sound because no code stores to
//! the labels of a complete record. The modules of the store guarantee that:
//!
//! - Only [`Chunk::append`] stores labels, after all complete words. It gets its words from
//!   [`render`] or [`Record::copy`], and runs on one thread at a time: `Store::create` and
//!   compaction hold the writer's lock.
//! - A record is complete before the count of complete words, and then its index entry, are stored
//!   with Release. A [`Record`] is read at an offset from an Acquire load of either, or under the
//!   writer's lock. This offset is the start of a complete record: it comes from an index entry, is
//!   `FIRST_OFFSET`, or is the end of the previous record with its padding.
//! - A store has one [`Layout`] for all its records.
//! - A start timestamp shares words with labels, so only [`render`] writes it. It never changes.
//! - Other modules can store only to the state of a record; this one also sets one bit of its
//!   header. Removal marks a record, and compaction copies it to another chunk.
//! - A chunk lives as long as its last reference, and every record borrows from a chunk.
//!
//! [`prefetch()`] is also unsafe, but depends on none of these guarantees.

#![allow(unsafe_code, reason = "see the invariants above")]

mod bytes;
mod header;
mod placement;
mod prefetch;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use super::expiry::LastUpdate;
use super::key::SeriesKey;
use super::lengths;
use super::sizes::LINE_WORDS;
use crate::metric::native::{NativeHistogram, NativeLayout};
use crate::metric::start::StartTimestamp;
use crate::sync::modelled::{AtomicU64, Ordering};
use bytes::bytes;
use header::Header;
pub(super) use placement::Placement;
use placement::ValuePosition;
use prefetch::prefetch;

/// The parts of a series that are the same for all series of a family.
#[derive(Clone, Copy)]
pub struct ValueLayout {
    /// The number of words of the value.
    pub(in crate::metric) words: usize,
    pub(in crate::metric) has_start: bool,
    /// The layout of the native histogram of every series.
    pub(in crate::metric) native: Option<NativeLayout>,
}

/// The layout of all records of a store.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// The length of a start timestamp in bytes; 0 if the records have none.
    start_bytes: usize,
    /// The number of words of the lengths if they are not in the header.
    lengths_words: usize,
    /// The number of words of the value.
    value_words: usize,
    /// The number of words of the state: the value, and the last update of a series that expires.
    state_words: usize,
    /// Whether the last word of the value is the number of native buckets in the chunk.
    has_native: bool,
    /// The fewest words of a record.
    fewest_words: usize,
}

impl Layout {
    /// `gaps` are the numbers of bytes before each label value.
    pub(super) fn new(gaps: &[usize], value: ValueLayout, expires: bool) -> Self {
        let ValueLayout { words, has_start, native } = value;
        let has_native = native.is_some();
        let start_bytes = if has_start { StartTimestamp::BYTES } else { 0 };
        let value_words = words + usize::from(has_native);
        let state_words = value_words + usize::from(expires);
        let least_bytes = gaps.iter().sum::<usize>() + start_bytes;
        let fewest_words = 1 + least_bytes.div_ceil(8) + state_words;
        let lengths_words = lengths::words(gaps.len());
        Self { start_bytes, lengths_words, value_words, state_words, has_native, fewest_words }
    }

    /// Splits a state into the words of the value and the last update.
    #[inline(always)]
    pub(super) fn split(self, state: &[AtomicU64]) -> (&[AtomicU64], Option<LastUpdate<'_>>) {
        match state.split_last() {
            Some((last, value)) if self.state_words > self.value_words => {
                (value, Some(LastUpdate::new(last)))
            }
            _ => (state, None),
        }
    }

    /// Returns how many native buckets the records of this number of words can have.
    fn natives(self, words: usize) -> usize {
        if self.has_native { words / self.fewest_words } else { 0 }
    }
}

/// Returns the words of a new record without padding, its value at zero; `None` if the labels are
/// too long.
pub(super) fn render(
    key: &SeriesKey<'_>,
    start: StartTimestamp,
    labels: &str,
    layout: Layout,
) -> Option<Vec<u64>> {
    let header = Header::new(key.hash, key.lengths, labels)?;
    let labels_words = header.labels_words(layout);
    let mut bytes = Vec::with_capacity(labels_words * 8);
    bytes.extend_from_slice(labels.as_bytes());
    bytes.resize(labels_words * 8 - layout.start_bytes, 0);
    if layout.start_bytes > 0 {
        bytes.extend_from_slice(&start.to_bytes());
    }
    let lengths_words = header.lengths_words(layout);
    let mut words = Vec::with_capacity(1 + labels_words + lengths_words + layout.state_words);
    words.push(header.0);
    // The bytes keep their order in memory, on machines of either endianness.
    words.extend(bytes.as_chunks().0.iter().map(|bytes| u64::from_ne_bytes(*bytes)));
    words.extend(key.long_lengths());
    words.extend(std::iter::repeat_n(0, layout.state_words));
    Some(words)
}

/// A complete record.
#[derive(Clone, Copy)]
pub(super) struct Record<'s> {
    pub(super) header: Header,
    header_word: &'s AtomicU64,
    /// The labels and the start timestamp, the lengths if they are not in the header, and padding.
    /// The start timestamp is the last bytes of the words of the labels.
    body: &'s [AtomicU64],
    /// The value, and the last update of a series that expires.
    pub(super) state: &'s [AtomicU64],
}

impl<'s> Record<'s> {
    /// Returns the first record in these words, and the words after it.
    #[inline(always)]
    fn split_first(words: &'s [AtomicU64], layout: Layout) -> Option<(Self, &'s [AtomicU64])> {
        let (header_word, words) = words.split_first()?;
        let header = Header(header_word.load(Ordering::Relaxed));
        let complete = header.labels_words(layout) + header.lengths_words(layout);
        let body_words = complete + header.padding();
        let (record, words) = words.split_at_checked(body_words + layout.state_words)?;
        let (body, state) = if header.has_value_first() {
            let (state, body) = record.split_at_checked(layout.state_words)?;
            (body, state)
        } else {
            record.split_at_checked(body_words)?
        };
        Some((Self { header, header_word, body, state }, words))
    }

    /// Returns the offset of the value in the record.
    pub(super) fn value_offset(self) -> usize {
        if self.header.has_value_first() { 1 } else { 1 + self.body.len() }
    }

    /// Returns the words of the lengths of the label values; empty if they are in the header.
    pub(super) fn lengths(self, layout: Layout) -> &'s [AtomicU64] {
        let words = self.body.get(self.header.labels_words(layout)..);
        words.and_then(|words| words.get(..self.header.lengths_words(layout))).unwrap_or_default()
    }

    /// Returns the start timestamp, if the layout has one.
    #[inline(always)]
    pub(super) fn start(self, layout: Layout) -> Option<StartTimestamp> {
        if layout.start_bytes == 0 {
            return None;
        }
        let word = self.body.get(self.header.labels_words(layout) - 1)?;
        Some(StartTimestamp::from_end(word.load(Ordering::Relaxed)))
    }

    /// Returns the rendered labels without their prefix.
    #[inline(always)]
    pub(super) fn labels(self) -> &'s [u8] {
        let length = self.header.labels_length();
        // SAFETY: `body` begins with the words of the labels, see `labels_words`. The record is
        // complete, so no code stores to its labels, and the chunk is borrowed as long as the
        // bytes.
        unsafe { bytes(self.body, length) }
    }

    /// Returns the number of words of the record and its padding.
    #[inline(always)]
    pub(super) fn length(self) -> usize {
        1 + self.body.len() + self.state.len()
    }

    /// Returns the current words without padding, in the order of [`render`].
    pub(super) fn copy(self) -> Vec<u64> {
        let complete = self.body.len() - self.header.padding();
        let words = self.body.iter().take(complete).chain(self.state);
        let words = words.map(|word| word.load(Ordering::Relaxed));
        [self.header.plain().0].into_iter().chain(words).collect()
    }

    /// Makes the record a tombstone. Returns `false` if it was one already.
    pub(super) fn make_tombstone(self) -> bool {
        let before = self.header_word.fetch_or(Header::TOMBSTONE, Ordering::Relaxed);
        !Header(before).is_tombstone()
    }
}

/// A piece of memory with records. Cloning it clones a reference.
///
/// Its first word is the number of complete words, itself included.
///
/// [`Placement`] says where the value of a record is.
///
/// The native buckets of a record are not in its words, because they grow. They are in a list of
/// their own, and the record has their number in the list.
#[derive(Clone)]
pub(super) struct Chunk {
    words: Arc<[AtomicU64]>,
    natives: Arc<Natives>,
}

/// The native buckets of the records of a chunk, in the order of the records.
pub(crate) type Natives = [OnceLock<Arc<NativeHistogram>>];

impl Chunk {
    /// The offset of the first record.
    pub(super) const FIRST_OFFSET: usize = 1;

    pub(super) fn new(words: usize, layout: Layout) -> Self {
        let complete = [AtomicU64::new(Self::FIRST_OFFSET as u64)];
        let free = (Self::FIRST_OFFSET..words).map(|_| AtomicU64::new(0));
        let natives = (0..layout.natives(words)).map(|_| OnceLock::new());
        Self { words: complete.into_iter().chain(free).collect(), natives: natives.collect() }
    }

    /// Returns the number of complete words.
    fn complete(&self, ordering: Ordering) -> usize {
        self.words.first().map_or(0, |complete| complete.load(ordering) as usize)
    }

    /// Returns the words of a chunk that has room for one record of this length, with padding.
    pub(super) fn words_for(record_words: usize) -> usize {
        Self::FIRST_OFFSET + record_words + LINE_WORDS - 1
    }

    pub(super) fn has_room(
        &self,
        record_words: usize,
        placement: Placement,
        layout: Layout,
    ) -> bool {
        let free = self.words.get(self.complete(Ordering::Relaxed)..);
        free.and_then(|free| placement.place(free, record_words, layout)).is_some()
    }

    /// Returns the record at the offset of an index entry or a handle.
    #[inline(always)]
    pub(super) fn record(&self, offset: usize, layout: Layout) -> Option<Record<'_>> {
        Some(Record::split_first(self.words.get(offset..)?, layout)?.0)
    }

    /// Returns the state at the offset of a cached lookup.
    #[inline(always)]
    pub(super) fn state(&self, offset: usize, layout: Layout) -> Option<&[AtomicU64]> {
        self.words.get(offset..)?.get(..layout.state_words)
    }

    /// Returns the native buckets of all records.
    #[inline(always)]
    pub(super) fn natives(&self) -> &Natives {
        &self.natives
    }

    /// Returns the native buckets of a record, if it has them.
    pub(super) fn native(
        &self,
        record: Record<'_>,
        layout: Layout,
    ) -> Option<Arc<NativeHistogram>> {
        let number =
            record.state.get(..layout.value_words)?.last().filter(|_| layout.has_native)?;
        self.natives.get(number.load(Ordering::Relaxed) as usize)?.get().cloned()
    }

    /// Appends a record, and returns its offset; `None` if there is no room.
    ///
    /// Only one thread may append at a time.
    pub(super) fn append(
        &self,
        mut record: Vec<u64>,
        native: Option<Arc<NativeHistogram>>,
        placement: Placement,
        layout: Layout,
    ) -> Option<usize> {
        let offset = self.complete(Ordering::Relaxed);
        let free = self.words.get(offset..)?;
        let value = placement.place(free, record.len(), layout)?;
        let state_in_record = record.len().checked_sub(layout.state_words)?;
        if let Some(native) = native {
            let number = self.natives.partition_point(|native| native.get().is_some());
            self.natives.get(number)?.set(native).ok()?;
            *record.get_mut(state_in_record + layout.value_words - 1)? = number as u64;
        }
        let (rest, state) = record.split_at_checked(state_in_record)?;
        let (header, body) = rest.split_first()?;
        let (header, at_body, at_state, padding) = match value {
            ValuePosition::First => {
                (Header(*header).with_value_first(), 1 + layout.state_words, 1, 0)
            }
            ValuePosition::Last { padding } => {
                (Header(*header).with_padding(padding), 1, state_in_record + padding, padding)
            }
        };
        store(free, &[header.0]);
        store(free.get(at_body..)?, body);
        store(free.get(at_state..)?, state);
        self.words.first()?.store((offset + record.len() + padding) as u64, Ordering::Release);
        Some(offset)
    }

    /// Returns the end of the last complete record.
    pub(super) fn end(&self) -> usize {
        self.complete(Ordering::Acquire)
    }

    /// Iterates over the records from `start` to `end`.
    pub(super) fn records(&self, start: usize, end: usize) -> Records<'_> {
        let start = start.max(Self::FIRST_OFFSET);
        Records { offset: start, words: self.words.get(start..end).unwrap_or_default() }
    }
}

fn store(target: &[AtomicU64], words: &[u64]) {
    for (word, value) in target.iter().zip(words) {
        word.store(*value, Ordering::Relaxed);
    }
}

/// Complete records, one after the other.
#[derive(Default)]
pub(super) struct Records<'s> {
    /// The offset of the first one.
    offset: usize,
    words: &'s [AtomicU64],
}

impl<'s> Records<'s> {
    /// The distance in words from a record to the word that is prefetched: several records, so that
    /// it is in the cache before the walk reaches it.
    const WORDS_AHEAD: usize = 64;

    /// Returns the next record that is not a tombstone, and its offset.
    #[inline(always)]
    pub(super) fn next_live(&mut self, layout: Layout) -> Option<(usize, Record<'s>)> {
        loop {
            if let Some(word) = self.words.get(Self::WORDS_AHEAD) {
                prefetch(word);
            }
            let (record, rest) = Record::split_first(self.words, layout)?;
            let offset = self.offset;
            self.offset += record.length();
            self.words = rest;
            if !record.header.is_tombstone() {
                return Some((offset, record));
            }
        }
    }
}
