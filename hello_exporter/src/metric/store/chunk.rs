//! The memory of series: records of words, one behind the other.
//!
//! This is the one module of the store with unsafe code: it reads the text of a record as the bytes that
//! it is, where a load of every word, shifted to where a label value begins, makes an increment a seventh
//! slower. What makes it sound is that nobody stores to the text of a complete record any more, which the
//! modules of the store, and they alone, see to:
//!
//! - [`Chunk::append`] alone stores text, behind all that is complete. It is called with what [`render`]
//!   has made, and by one thread at a time: `Store::create` and compaction hold the writer's lock.
//! - A record is complete before the count of complete words, and then its index entry, are stored with
//!   Release. A [`Record`] is made at a place that an Acquire load of either has named, which is the
//!   beginning of a complete record: an index entry, or the end of the record in front of it and of what
//!   is left free behind that.
//! - A store has one [`Layout`], and all its records are read by it.
//! - What a record lets others write is its value and, here, one bit of its header. Removal only marks a
//!   record, and compaction copies it to another chunk.
//! - A chunk lives as long as somebody holds a reference to it, and every record borrows from one.

#![allow(unsafe_code, reason = "see the invariants above")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The words of a cache line.
const LINE_WORDS: usize = 8;

/// What all records of a store have in common.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// The words in front of the value: the header and the lengths.
    front: usize,
    /// The words of the value.
    value: usize,
}

impl Layout {
    pub(super) fn new(lengths_words: usize, value_words: usize) -> Self {
        Self { front: 1 + lengths_words, value: value_words }
    }
}

/// The first word of a record: the low half of its hash, the length of its block, whether anything in
/// the block is escaped, whether the series was removed, and how the record is arranged.
#[derive(Clone, Copy)]
pub(super) struct Header(u64);

impl Header {
    const ESCAPED: u64 = 1 << 63;
    const BURIED: u64 = 1 << 62;
    /// The value stands behind the text instead of in front of it.
    const VALUE_LAST: u64 = 1 << 61;
    /// Where it says how many words behind the record are left free.
    const PADDING_AT: u32 = 58;
    const PADDING: u64 = (LINE_WORDS as u64 - 1) << Self::PADDING_AT;
    const LENGTH_BITS: u32 = 26;

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

    fn has_value_last(self) -> bool {
        self.0 & Self::VALUE_LAST != 0
    }

    #[inline(always)]
    fn padding(self) -> usize {
        ((self.0 & Self::PADDING) >> Self::PADDING_AT) as usize
    }

    /// That of a record with its value in front, and nothing behind it.
    fn plain(self) -> Self {
        Self(self.0 & !(Self::VALUE_LAST | Self::PADDING))
    }

    fn with_value_last(self, padding: usize) -> Self {
        Self(self.plain().0 | Self::VALUE_LAST | (padding as u64) << Self::PADDING_AT)
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

/// The words of a new record, its value at zero, and in front of the text. Nothing where they are too
/// many.
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
        let text_words = header.text_words();
        let (body, words) = words.split_at_checked(layout.value + text_words)?;
        let (value, text) = if header.has_value_last() {
            let (text, value) = body.split_at_checked(text_words)?;
            (value, text)
        } else {
            body.split_at_checked(layout.value)?
        };
        Some((Self { header, front, value, text }, words.get(header.padding()..)?))
    }

    /// Where the value is in the record.
    pub(super) fn value_offset(self) -> usize {
        self.front.len() + if self.header.has_value_last() { self.text.len() } else { 0 }
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

    /// In words, the header and what is left free behind the record included.
    #[inline(always)]
    pub(super) fn length(self) -> usize {
        self.front.len() + self.value.len() + self.text.len() + self.header.padding()
    }

    /// All its words as they are now, in the order in which [`render`] makes them.
    pub(super) fn copy(self) -> Vec<u64> {
        let words = self.front.iter().skip(1).chain(self.value).chain(self.text);
        let words = words.map(|word| word.load(Ordering::Relaxed));
        [self.header.plain().0].into_iter().chain(words).collect()
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
///
/// A record that begins where a cache line does has its value in front of its text. Any other has it behind,
/// and the next one begins with a line. So the lines of values hold nothing else but what belongs to the same
/// record, where records are not short, and a look-up of one series does not wait for the memory that
/// another thread writes for its neighbour.
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

    /// The value at a place that a pin has named.
    #[inline(always)]
    pub(super) fn value(&self, offset: usize, layout: Layout) -> Option<&[AtomicU64]> {
        self.0.get(offset..)?.get(..layout.value)
    }

    /// Writes a record behind the last one, and says where.
    ///
    /// The caller is the only one who appends at this time.
    pub(super) fn append(&self, record: &[u64], layout: Layout) -> Option<usize> {
        let offset = self.complete(Ordering::Relaxed);
        let (place, free) = self.0.get(offset..)?.split_at_checked(record.len())?;
        let padding = if words_to_line(place) == 0 {
            store(place, record.iter().copied());
            0
        } else {
            let padding = words_to_line(free).min(free.len());
            store(place, with_value_last(record, layout, padding)?);
            padding
        };
        self.0.first()?.store((offset + record.len() + padding) as u64, Ordering::Release);
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

/// How many words there are to where a cache line begins.
fn words_to_line(words: &[AtomicU64]) -> usize {
    (words.as_ptr().addr() / size_of::<u64>()).wrapping_neg() % LINE_WORDS
}

/// The words of a record that [`render`] has made, its value behind its text.
fn with_value_last(
    record: &[u64],
    layout: Layout,
    padding: usize,
) -> Option<impl Iterator<Item = u64>> {
    let (header, rest) = record.split_first()?;
    let (lengths, rest) = rest.split_at_checked(layout.front - 1)?;
    let (value, text) = rest.split_at_checked(layout.value)?;
    let words = lengths.iter().chain(text).chain(value).copied();
    Some([Header(*header).with_value_last(padding).0].into_iter().chain(words))
}

fn store(place: &[AtomicU64], words: impl Iterator<Item = u64>) {
    for (word, value) in place.iter().zip(words) {
        word.store(value, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout { front: 2, value: 1 };

    /// A chunk full of records whose blocks are of these lengths, and where each of them is.
    fn filled(words: usize, lengths: impl Iterator<Item = usize>) -> (Chunk, Vec<(usize, String)>) {
        let chunk = Chunk::new(words);
        let blocks = lengths.map(|length| "x".repeat(length));
        let append = |block: String| {
            let record = render(7, [block.len() as u64].into_iter(), &block, LAYOUT)?;
            Some((chunk.append(&record, LAYOUT)?, block))
        };
        let appended = blocks.map_while(append).collect();
        (chunk, appended)
    }

    #[test]
    fn records_of_every_length_are_read_back_and_leave_nothing_but_padding_free() {
        for first in 0..80 {
            let (chunk, appended) = filled(1_000, (0..80).cycle().skip(first).step_by(3));
            let mut records = chunk.records(0, chunk.end());
            let mut end = Chunk::HEAD;
            for (offset, block) in &appended {
                let (found, record) = records.next_live(LAYOUT).unwrap();
                assert_eq!((found, record.block()), (*offset, block.as_bytes()));
                assert_eq!(found, end);
                assert_eq!(record.lengths().collect::<Vec<_>>(), [block.len() as u64]);
                record.value[0].store(block.len() as u64, Ordering::Relaxed);
                end += record.length();
            }
            assert!(records.next_live(LAYOUT).is_none());
            for (offset, block) in &appended {
                let record = chunk.record(*offset, LAYOUT).unwrap();
                let value = chunk.value(offset + record.value_offset(), LAYOUT).unwrap();
                assert_eq!(value[0].load(Ordering::Relaxed), block.len() as u64);
                let mut plain = render(7, record.lengths(), block, LAYOUT).unwrap();
                plain[LAYOUT.front] = block.len() as u64;
                assert_eq!(record.copy(), plain);
            }
        }
    }

    #[test]
    fn no_value_shares_a_cache_line_with_another_record() {
        let line = |word: &AtomicU64| std::ptr::from_ref(word).addr() / 64;
        for length in 33..100 {
            let (chunk, appended) = filled(1_000, std::iter::repeat(length));
            let lines = appended.iter().map(|(offset, _)| {
                let record = chunk.record(*offset, LAYOUT).unwrap();
                let words = [record.front, record.value, record.text].into_iter().flatten();
                (line(&record.value[0]), words.map(line).collect::<Vec<_>>())
            });
            let lines: Vec<_> = lines.collect();
            for (at, (value, _)) in lines.iter().enumerate() {
                let sharing = lines.iter().filter(|(_, lines)| lines.contains(value));
                assert_eq!(sharing.count(), 1, "record {at} of blocks of {length} bytes");
            }
        }
    }
}
