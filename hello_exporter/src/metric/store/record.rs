//! How a series is laid out in words, and whether it is the one that is looked for.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Key, Store};
use crate::labels::LabelBlock;

/// The first word of a record: the low half of its hash, the length of its block, and whether
/// anything in the block is escaped.
#[derive(Clone, Copy)]
pub(super) struct Header(pub(super) u64);

impl Header {
    const ESCAPED: u64 = 1 << 63;
    /// More than the longest block: labels are few, and a value has at most 64 KiB.
    const LENGTH_BITS: u32 = 31;

    pub(super) fn new(hash: u64, block: &str) -> Self {
        let escaped = if block.contains('\\') { Self::ESCAPED } else { 0 };
        Self(escaped | (block.len() as u64) << 32 | u64::from(hash as u32))
    }

    fn block_length(self) -> usize {
        (self.0 >> 32) as usize & ((1 << Self::LENGTH_BITS) - 1)
    }

    fn is_escaped(self) -> bool {
        self.0 & Self::ESCAPED != 0
    }

    pub(super) fn hash(self) -> u64 {
        u64::from(self.0 as u32)
    }
}

/// A published record and the words behind it.
#[derive(Clone, Copy)]
pub(super) struct Record<'s> {
    pub(super) header: Header,
    /// All words behind the header.
    words: &'s [AtomicU64],
}

impl<'s> Record<'s> {
    pub(super) fn first_of(words: &'s [AtomicU64]) -> Option<Self> {
        let (header, words) = words.split_first()?;
        Some(Self { header: Header(header.load(Ordering::Relaxed)), words })
    }

    pub(super) fn value(self, store: &Store) -> &'s [AtomicU64] {
        let start = store.lengths_words();
        self.words.get(start..start + store.value_words).unwrap_or_default()
    }

    fn text(self, store: &Store) -> Text<'s> {
        let start = store.lengths_words() + store.value_words;
        let end = start + self.header.block_length().div_ceil(8);
        Text(self.words.get(start..end).unwrap_or_default())
    }

    pub(super) fn block(self, store: &Store) -> LabelBlock<'s> {
        let length = self.header.block_length();
        LabelBlock::Words { words: self.text(store).0, length }
    }

    /// In words, the header included.
    pub(super) fn length(self, store: &Store) -> usize {
        let text = self.header.block_length().div_ceil(8);
        1 + store.lengths_words() + store.value_words + text
    }

    /// Whether this is the series of the key.
    ///
    /// Equal lengths put every value at the same place in both blocks, so that comparing the values
    /// alone compares the label sets. That holds only where nothing is escaped: an escaped block could
    /// look like an unescaped key (`a\"b` is how `a"b` is written), and is compared as escaped text.
    pub(super) fn matches(self, key: &Key<'_>, store: &Store) -> bool {
        let lengths = self.words.iter().map(|word| word.load(Ordering::Relaxed));
        if self.header.hash() != u64::from(key.hash as u32)
            || !key.lengths().zip(lengths).all(|(key, stored)| key == stored)
        {
            return false;
        }
        let text = self.text(store);
        if self.header.is_escaped() {
            let block = store.block(key);
            return block.len() == self.header.block_length()
                && text.contains_at(0, block.as_bytes());
        }
        // In front of the first value stands `name="`, in front of the others `",name="`.
        let mut at = 0;
        store.label_names().zip(key.values).all(|(name, value)| {
            let value = value.as_bytes();
            at += name.len() + if at == 0 { 2 } else { 4 };
            let equal = text.contains_at(at, value);
            at += value.len();
            equal
        })
    }
}

/// Text in words, little-endian, the last one padded with zeros.
#[derive(Clone, Copy)]
struct Text<'s>(&'s [AtomicU64]);

impl Text<'_> {
    /// Whether `bytes` stand at byte `at`. Behind the end there are zeros.
    fn contains_at(self, at: usize, bytes: &[u8]) -> bool {
        let shift = at % 8 * 8;
        let words = self.0.get(at / 8..).unwrap_or_default().iter();
        let mut words = words.map(|word| word.load(Ordering::Relaxed)).chain(std::iter::repeat(0));
        let mut low = words.next().unwrap_or_default();
        // Eight bytes that begin in one word and end in the next; shifted twice, because by 64 at once
        // is not possible.
        let mut next = || {
            let high = words.next().unwrap_or_default();
            let joined = low >> shift | high << 1 << (63 - shift);
            low = high;
            joined
        };
        let (groups, rest) = bytes.as_chunks::<8>();
        let mask = (1 << (rest.len() * 8)) - 1;
        groups.iter().all(|group| next() == u64::from_le_bytes(*group))
            && (rest.is_empty() || next() & mask == little_endian(rest))
    }
}

/// Up to eight bytes as a word: two halves that may overlap, so that no loop runs byte by byte.
pub(super) fn little_endian(bytes: &[u8]) -> u64 {
    let behind = |length: usize| bytes.len().saturating_sub(length) * 8;
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let [first, last] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
        first | last << behind(4)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<2>(), bytes.last_chunk::<2>()) {
        let [first, last] = [first, last].map(|half| u64::from(u16::from_le_bytes(*half)));
        first | last << behind(2)
    } else {
        bytes.first().copied().map_or(0, u64::from)
    }
}
