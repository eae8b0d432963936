//! The memory of series: records of words, one behind the other.
//!
//! This is the one module of metrics with unsafe code: it reads the text of a record as the bytes that it is,
//! where a load of every word, shifted to where a label value begins, makes an increment a seventh
//! slower. What makes it sound is that nobody stores to the text of a complete record any more, which the
//! modules of the store, and they alone, see to:
//!
//! - [`Chunk::append`] alone stores text, behind all that is complete. It is called with what [`render`]
//!   has made, and by one thread at a time: `Store::create` and compaction hold the writer's lock.
//! - A record is complete before the count of complete words, and then its index entry, are stored with
//!   Release. A [`Record`] is made at a place that an Acquire load of either has named, which is the
//!   beginning of a complete record: an index entry, a pin made from one, or the end of the record in
//!   front of it.
//! - A store has one [`Layout`], and all its records are read by it.
//! - What a record lets others write is its value and, here, one bit of its header. Removal only marks a
//!   record, and compaction copies it to another chunk.
//! - A chunk lives as long as somebody holds a reference to it, and every record borrows from one.

#![allow(unsafe_code, reason = "see the invariants above")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What all records of a store have in common.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// The words in front of the value: the header and the lengths.
    front: usize,
    /// The words of the value, behind which is the text.
    value: usize,
}

impl Layout {
    pub(super) fn new(lengths_words: usize, value_words: usize) -> Self {
        Self { front: 1 + lengths_words, value: value_words }
    }
}

/// The first word of a record: the low half of its hash, the length of its block, whether anything in
/// the block is escaped, and whether the series was removed.
#[derive(Clone, Copy)]
pub(super) struct Header(u64);

impl Header {
    const ESCAPED: u64 = 1 << 63;
    const BURIED: u64 = 1 << 62;
    const LENGTH_BITS: u32 = 30;

    /// Nothing where the block is too long.
    fn new(hash: u64, block: &str) -> Option<Self> {
        let escaped = if block.contains('\\') { Self::ESCAPED } else { 0 };
        let length = block.len() as u64;
        let is_short = length >> Self::LENGTH_BITS == 0;
        is_short.then_some(Self(escaped | length << 32 | u64::from(hash as u32)))
    }

    #[inline(always)]
    fn block_length(self) -> usize {
        (self.0 >> 32) as usize & ((1 << Self::LENGTH_BITS) - 1)
    }

    /// How many words the block takes.
    #[inline(always)]
    fn text_words(self) -> usize {
        // Fewer instructions than `div_ceil`, which does not know that this cannot overflow.
        (self.block_length() + 7) >> 3
    }

    pub(super) fn is_escaped(self) -> bool {
        self.0 & Self::ESCAPED != 0
    }

    fn is_buried(self) -> bool {
        self.0 & Self::BURIED != 0
    }

    /// The low half.
    pub(super) fn hash(self) -> u64 {
        u64::from(self.0 as u32)
    }
}

/// The words of a new record, its value at zero. Nothing where they are too many.
pub(super) fn render(
    hash: u64,
    lengths: impl Iterator<Item = u64>,
    block: &str,
    layout: Layout,
) -> Option<Vec<u64>> {
    let mut words = vec![Header::new(hash, block)?.0];
    words.extend(lengths);
    words.resize(layout.front + layout.value, 0);
    // In the order of memory, whatever the machine's is.
    words.extend(block.as_bytes().chunks(8).map(|bytes| {
        let mut word = [0; 8];
        word.iter_mut().zip(bytes).for_each(|(target, byte)| *target = *byte);
        u64::from_ne_bytes(word)
    }));
    Some(words)
}

/// A record that is complete.
#[derive(Clone, Copy)]
pub(super) struct Record<'s> {
    pub(super) header: Header,
    /// The header and the lengths.
    front: &'s [AtomicU64],
    pub(super) value: &'s [AtomicU64],
    text: &'s [AtomicU64],
}

impl<'s> Record<'s> {
    /// The record that these words begin with, and the words behind it.
    #[inline(always)]
    fn split_first(words: &'s [AtomicU64], layout: Layout) -> Option<(Self, &'s [AtomicU64])> {
        let header = Header(words.first()?.load(Ordering::Relaxed));
        let (front, words) = words.split_at_checked(layout.front)?;
        let (value, words) = words.split_at_checked(layout.value)?;
        let (text, words) = words.split_at_checked(header.text_words())?;
        Some((Self { header, front, value, text }, words))
    }

    /// The lengths of the label values.
    #[inline(always)]
    pub(super) fn lengths(self) -> impl Iterator<Item = u64> {
        self.front.iter().skip(1).map(|word| word.load(Ordering::Relaxed))
    }

    /// The label block, as it will be exposed.
    #[inline(always)]
    pub(super) fn block(self) -> &'s [u8] {
        let length = self.header.block_length();
        // SAFETY: the text has as many words as so many bytes take. They are those of a complete record,
        // to which nobody stores any more, and the chunk is borrowed as long as the bytes are. An atomic
        // word is eight bytes, all initialized.
        unsafe { std::slice::from_raw_parts(self.text.as_ptr().cast(), length) }
    }

    /// In words, the header included.
    #[inline(always)]
    pub(super) fn length(self) -> usize {
        self.front.len() + self.value.len() + self.text.len()
    }

    /// All its words as they are now.
    pub(super) fn copy(self) -> Vec<u64> {
        let words = [self.front, self.value, self.text].into_iter().flatten();
        words.map(|word| word.load(Ordering::Relaxed)).collect()
    }

    /// Marks the series as removed. False if it was already.
    pub(super) fn bury(self) -> bool {
        let bury = |first: &AtomicU64| first.fetch_or(Header::BURIED, Ordering::Relaxed);
        self.front.first().map(bury).is_some_and(|before| !Header(before).is_buried())
    }
}

/// A piece of memory in which records lie. Cloning it clones a reference.
///
/// Its first word says how many words are complete, itself included.
#[derive(Clone)]
pub(super) struct Chunk(Arc<[AtomicU64]>);

impl Chunk {
    pub(super) const HEAD: usize = 1;

    pub(super) fn new(words: usize) -> Self {
        let head = [AtomicU64::new(Self::HEAD as u64)];
        let free = (Self::HEAD..words).map(|_| AtomicU64::new(0));
        Self(head.into_iter().chain(free).collect())
    }

    fn complete(&self, ordering: Ordering) -> usize {
        self.0.first().map_or(0, |head| head.load(ordering) as usize)
    }

    pub(super) fn words(&self) -> usize {
        self.0.len()
    }

    pub(super) fn free(&self) -> usize {
        self.0.len().saturating_sub(self.complete(Ordering::Relaxed))
    }

    /// The record at a place that an index entry, or a pin, has named.
    #[inline(always)]
    pub(super) fn record(&self, offset: usize, layout: Layout) -> Option<Record<'_>> {
        Some(Record::split_first(self.0.get(offset..)?, layout)?.0)
    }

    /// The value of the record at such a place.
    #[inline(always)]
    pub(super) fn value(&self, offset: usize, layout: Layout) -> Option<&[AtomicU64]> {
        self.0.get(offset + layout.front..)?.get(..layout.value)
    }

    /// Writes a record behind the last one, and says where.
    ///
    /// The caller is the only one who appends at this time.
    pub(super) fn append(&self, record: &[u64]) -> Option<usize> {
        let offset = self.complete(Ordering::Relaxed);
        let end = offset + record.len();
        for (word, value) in self.0.get(offset..end)?.iter().zip(record) {
            word.store(*value, Ordering::Relaxed);
        }
        self.0.first()?.store(end as u64, Ordering::Release);
        Some(offset)
    }

    /// Where the last complete record ends.
    pub(super) fn end(&self) -> usize {
        self.complete(Ordering::Acquire)
    }

    /// The records from `start` to `end`.
    pub(super) fn records(&self, start: usize, end: usize) -> Records<'_> {
        let start = start.max(Self::HEAD);
        Records { offset: start, words: self.0.get(start..end).unwrap_or_default() }
    }
}

/// Complete records, one behind the other.
#[derive(Default)]
pub(super) struct Records<'s> {
    /// Where they begin.
    offset: usize,
    words: &'s [AtomicU64],
}

impl<'s> Records<'s> {
    /// The next one that is not removed, and where it lies.
    #[inline(always)]
    pub(super) fn next_live(&mut self, layout: Layout) -> Option<(usize, Record<'s>)> {
        loop {
            let (record, rest) = Record::split_first(self.words, layout)?;
            let offset = self.offset;
            self.offset += record.length();
            self.words = rest;
            if !record.header.is_buried() {
                return Some((offset, record));
            }
        }
    }
}
