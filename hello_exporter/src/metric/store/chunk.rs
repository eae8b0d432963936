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
//! - Other modules can store only to the state and the start timestamp of a record; this one also
//!   sets one bit of its header. Removal marks a record, and compaction copies it to another chunk.
//! - A chunk lives as long as its last reference, and every record borrows from a chunk.

#![allow(unsafe_code, reason = "see the invariants above")]

mod bytes;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use super::expiry::LastUpdate;
use crate::metric::native::{NativeHistogram, NativeLayout};
use crate::metric::start::StartTimestamp;
use crate::sync::modelled::{AtomicU64, Ordering};
use bytes::bytes;

/// The words of a cache line.
const LINE_WORDS: usize = 8;

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
    /// The number of words of the header, the lengths and the start timestamp.
    front: usize,
    /// Whether the last word of the front is a start timestamp.
    has_start: bool,
    /// The number of words of the value.
    value: usize,
    /// The number of words of the state: the value, and the last update of a series that expires.
    state: usize,
    /// Whether the last word of the value is the number of native buckets in the chunk.
    has_native: bool,
}

impl Layout {
    pub(super) fn new(lengths_words: usize, value: ValueLayout, expires: bool) -> Self {
        let ValueLayout { words, has_start, native } = value;
        let has_native = native.is_some();
        let front = 1 + lengths_words + usize::from(has_start);
        let value = words + usize::from(has_native);
        Self { front, has_start, value, state: value + usize::from(expires), has_native }
    }

    /// Splits a state into the words of the value and the last update.
    #[inline(always)]
    pub(super) fn split(self, state: &[AtomicU64]) -> (&[AtomicU64], Option<LastUpdate<'_>>) {
        match state.split_last() {
            Some((last, value)) if self.state > self.value => (value, Some(LastUpdate::new(last))),
            _ => (state, None),
        }
    }

    /// Returns how many native buckets the records of this number of words can have.
    fn natives(self, words: usize) -> usize {
        if self.has_native { words / (self.front + self.state) } else { 0 }
    }
}

/// The first word of a record: the low half of its hash, the length of its rendered labels, whether
/// any of them is escaped, whether the record is a tombstone, the position of the value, and the
/// padding.
#[derive(Clone, Copy)]
pub(super) struct Header(u64);

impl Header {
    const ESCAPED: u64 = 1 << 63;
    /// The series was removed.
    const TOMBSTONE: u64 = 1 << 62;
    /// The value follows the labels instead of preceding them.
    const VALUE_LAST: u64 = 1 << 61;
    /// The lowest bit of the padding: the number of unused words after the record.
    const PADDING_AT: u32 = 58;
    const PADDING: u64 = (LINE_WORDS as u64 - 1) << Self::PADDING_AT;
    const LENGTH_BITS: u32 = 26;

    /// Returns `None` if the labels are too long.
    fn new(hash: u64, labels: &str) -> Option<Self> {
        let escaped = if labels.contains('\\') { Self::ESCAPED } else { 0 };
        let length = labels.len() as u64;
        let is_short = length >> Self::LENGTH_BITS == 0;
        is_short.then_some(Self(escaped | length << 32 | u64::from(hash as u32)))
    }

    #[inline(always)]
    fn labels_length(self) -> usize {
        (self.0 >> 32) as usize & ((1 << Self::LENGTH_BITS) - 1)
    }

    /// Returns the number of words of the labels.
    #[inline(always)]
    fn labels_words(self) -> usize {
        // Fewer instructions than `div_ceil`, which does not know that this cannot overflow.
        (self.labels_length() + 7) >> 3
    }

    fn has_value_last(self) -> bool {
        self.0 & Self::VALUE_LAST != 0
    }

    #[inline(always)]
    fn padding(self) -> usize {
        ((self.0 & Self::PADDING) >> Self::PADDING_AT) as usize
    }

    /// Returns the header of the same record without padding, its value before its labels.
    fn plain(self) -> Self {
        Self(self.0 & !(Self::VALUE_LAST | Self::PADDING))
    }

    fn with_value_last(self, padding: usize) -> Self {
        Self(self.plain().0 | Self::VALUE_LAST | (padding as u64) << Self::PADDING_AT)
    }

    pub(super) fn is_escaped(self) -> bool {
        self.0 & Self::ESCAPED != 0
    }

    fn is_tombstone(self) -> bool {
        self.0 & Self::TOMBSTONE != 0
    }

    /// Returns the low half of the hash.
    pub(super) fn hash(self) -> u64 {
        u64::from(self.0 as u32)
    }
}

/// Returns the words of a new record, its value at zero and before its labels; `None` if the labels
/// are too long.
pub(super) fn render(
    hash: u64,
    lengths: impl Iterator<Item = u64>,
    start: StartTimestamp,
    labels: &str,
    layout: Layout,
) -> Option<Vec<u64>> {
    let mut words = vec![Header::new(hash, labels)?.0];
    words.extend(lengths);
    words.extend(layout.has_start.then(|| start.to_bits()));
    words.resize(layout.front + layout.state, 0);
    // The bytes keep their order in memory, on machines of either endianness.
    words.extend(labels.as_bytes().chunks(8).map(|bytes| {
        let mut word = [0; 8];
        word.iter_mut().zip(bytes).for_each(|(target, byte)| *target = *byte);
        u64::from_ne_bytes(word)
    }));
    Some(words)
}

/// A complete record.
#[derive(Clone, Copy)]
pub(super) struct Record<'s> {
    pub(super) header: Header,
    /// The header, the lengths and the start timestamp.
    front: &'s [AtomicU64],
    /// The value, and the last update of a series that expires.
    pub(super) state: &'s [AtomicU64],
    labels: &'s [AtomicU64],
}

impl<'s> Record<'s> {
    /// Returns the first record in these words, and the words after it.
    #[inline(always)]
    fn split_first(words: &'s [AtomicU64], layout: Layout) -> Option<(Self, &'s [AtomicU64])> {
        let header = Header(words.first()?.load(Ordering::Relaxed));
        let (front, words) = words.split_at_checked(layout.front)?;
        let labels_words = header.labels_words();
        let (body, words) = words.split_at_checked(layout.state + labels_words)?;
        let (state, labels) = if header.has_value_last() {
            let (labels, state) = body.split_at_checked(labels_words)?;
            (state, labels)
        } else {
            body.split_at_checked(layout.state)?
        };
        Some((Self { header, front, state, labels }, words.get(header.padding()..)?))
    }

    /// Returns the offset of the value in the record.
    pub(super) fn value_offset(self) -> usize {
        self.front.len() + if self.header.has_value_last() { self.labels.len() } else { 0 }
    }

    /// Returns the words with the lengths of the label values, and then the start timestamp.
    #[inline(always)]
    pub(super) fn lengths_words(self) -> &'s [AtomicU64] {
        self.front.get(1..).unwrap_or_default()
    }

    /// Iterates over [`lengths_words`](Self::lengths_words).
    #[inline(always)]
    pub(super) fn lengths(self) -> impl Iterator<Item = u64> {
        self.lengths_words().iter().map(|word| word.load(Ordering::Relaxed))
    }

    /// Returns the word of the start timestamp, if the layout has one.
    #[inline(always)]
    pub(super) fn start(self, layout: Layout) -> Option<&'s AtomicU64> {
        self.front.last().filter(|_| layout.has_start)
    }

    /// Returns the rendered labels.
    #[inline(always)]
    pub(super) fn labels(self) -> &'s [u8] {
        let length = self.header.labels_length();
        // SAFETY: `labels` has enough words, see `labels_words`. The record is complete, so no code
        // stores to its labels, and the chunk is borrowed as long as the bytes.
        unsafe { bytes(self.labels, length) }
    }

    /// Returns the number of words of the record and its padding.
    #[inline(always)]
    pub(super) fn length(self) -> usize {
        self.front.len() + self.state.len() + self.labels.len() + self.header.padding()
    }

    /// Returns the current words, in the order of [`render`].
    pub(super) fn copy(self) -> Vec<u64> {
        let words = self.front.iter().skip(1).chain(self.state).chain(self.labels);
        let words = words.map(|word| word.load(Ordering::Relaxed));
        [self.header.plain().0].into_iter().chain(words).collect()
    }

    /// Makes the record a tombstone. Returns `false` if it was one already.
    pub(super) fn make_tombstone(self) -> bool {
        let mark = |first: &AtomicU64| first.fetch_or(Header::TOMBSTONE, Ordering::Relaxed);
        self.front.first().map(mark).is_some_and(|before| !Header(before).is_tombstone())
    }
}

/// A piece of memory with records. Cloning it clones a reference.
///
/// Its first word is the number of complete words, itself included.
///
/// A record at the start of a cache line has its value before its labels. Any other record has its
/// value after them, and padding up to the next line. So, unless records are short, a value shares
/// its line only with words of its own record. Then a lookup of one series does not wait for
/// another thread's write to the next one.
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

    pub(super) fn words(&self) -> usize {
        self.words.len()
    }

    pub(super) fn free(&self) -> usize {
        self.words.len().saturating_sub(self.complete(Ordering::Relaxed))
    }

    /// Returns the record at the offset of an index entry or a handle.
    #[inline(always)]
    pub(super) fn record(&self, offset: usize, layout: Layout) -> Option<Record<'_>> {
        Some(Record::split_first(self.words.get(offset..)?, layout)?.0)
    }

    /// Returns the state at the offset of a cached lookup.
    #[inline(always)]
    pub(super) fn state(&self, offset: usize, layout: Layout) -> Option<&[AtomicU64]> {
        self.words.get(offset..)?.get(..layout.state)
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
        let number = record.state.get(..layout.value)?.last().filter(|_| layout.has_native)?;
        self.natives.get(number.load(Ordering::Relaxed) as usize)?.get().cloned()
    }

    /// Appends a record, and returns its offset; `None` if there is no room.
    ///
    /// Only one thread may append at a time.
    pub(super) fn append(
        &self,
        mut record: Vec<u64>,
        native: Option<Arc<NativeHistogram>>,
        layout: Layout,
    ) -> Option<usize> {
        let offset = self.complete(Ordering::Relaxed);
        let (target, free) = self.words.get(offset..)?.split_at_checked(record.len())?;
        if let Some(native) = native {
            let number = self.natives.partition_point(|native| native.get().is_some());
            self.natives.get(number)?.set(native).ok()?;
            *record.get_mut(layout.front + layout.value - 1)? = number as u64;
        }
        let padding = if words_to_line(target) == 0 {
            store(target, record.iter().copied());
            0
        } else {
            let padding = words_to_line(free).min(free.len());
            store(target, with_value_last(&record, layout, padding)?);
            padding
        };
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

/// Returns the number of words up to the start of the next cache line; 0 if they start one. In a
/// model, all words start one: addresses would differ between its schedules.
fn words_to_line(words: &[AtomicU64]) -> usize {
    if cfg!(loom) {
        return 0;
    }
    (words.as_ptr().addr() / size_of::<u64>()).wrapping_neg() % LINE_WORDS
}

/// Iterates over the words of a record from [`render`] or [`Record::copy`], with its value moved
/// after its labels.
fn with_value_last(
    record: &[u64],
    layout: Layout,
    padding: usize,
) -> Option<impl Iterator<Item = u64>> {
    let (header, rest) = record.split_first()?;
    let (lengths, rest) = rest.split_at_checked(layout.front - 1)?;
    let (state, labels) = rest.split_at_checked(layout.state)?;
    let words = lengths.iter().chain(labels).chain(state).copied();
    Some([Header(*header).with_value_last(padding).0].into_iter().chain(words))
}

fn store(target: &[AtomicU64], words: impl Iterator<Item = u64>) {
    for (word, value) in target.iter().zip(words) {
        word.store(value, Ordering::Relaxed);
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
    /// Returns the next record that is not a tombstone, and its offset.
    #[inline(always)]
    pub(super) fn next_live(&mut self, layout: Layout) -> Option<(usize, Record<'s>)> {
        loop {
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
