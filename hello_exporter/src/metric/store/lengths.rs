//! The lengths of label values in a record.
//!
//! Most series have few labels with short values. Their lengths fit into the header of the record.
//! Any other record has words of its own for them.

use super::chunk::{Layout, Record};
use crate::labels::MAX_LABEL_VALUE_BYTES;
use crate::sync::modelled::{AtomicU64, Ordering};

/// The lengths of up to four values, a byte each, the last one in the lowest bits. If there are
/// more values, or one is longer than [`MOST`](Self::MOST), the lengths are
/// [`ELSEWHERE`](Self::ELSEWHERE).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct HeaderLengths(u32);

impl HeaderLengths {
    /// The lengths are in words after the header. Lengths in the header never have this bit: each
    /// is at most 127.
    const ELSEWHERE: Self = Self(1 << 31);
    /// The length of the longest value that is short.
    const MOST: usize = 127;
    const COUNT: usize = 4;

    /// Returns the lengths of `count` values, or `None` if a value is too long. Each bit of
    /// `lengths_or` is set if a length has it. `lengths` are the lengths if they are short.
    #[inline(always)]
    pub(super) fn new(count: usize, lengths_or: usize, lengths: u32) -> Option<Self> {
        if count <= Self::COUNT && lengths_or <= Self::MOST {
            return Some(Self(lengths));
        }
        // The limit has all bits below its highest one, so a length above it has a higher bit.
        const { assert!((MAX_LABEL_VALUE_BYTES + 1).is_power_of_two()) };
        (lengths_or <= MAX_LABEL_VALUE_BYTES).then_some(Self::ELSEWHERE)
    }

    /// Appends a length. The result is meaningless after a length that is not short.
    #[inline(always)]
    pub(super) fn append(lengths: u32, length: usize) -> u32 {
        lengths << u8::BITS | length as u32
    }

    #[inline(always)]
    pub(super) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    #[inline(always)]
    pub(super) fn to_bits(self) -> u32 {
        self.0
    }

    /// Returns short lengths as a word of long ones.
    #[inline(always)]
    fn widened(self) -> u64 {
        let pairs = u64::from(self.0);
        let pairs = (pairs | pairs << 16) & 0x0000_FFFF_0000_FFFF;
        (pairs | pairs << 8) & 0x00FF_00FF_00FF_00FF
    }

    #[inline(always)]
    pub(super) fn are_elsewhere(self) -> bool {
        self.0 & Self::ELSEWHERE.0 != 0
    }
}

/// The bits of a length in a word, enough for the longest value.
const LONG_BITS: u32 = u16::BITS;
/// The number of lengths in a word.
const PER_WORD: usize = (u64::BITS / LONG_BITS) as usize;

/// Returns the number of words for the lengths of `count` values.
pub(super) fn words(count: usize) -> usize {
    count.div_ceil(PER_WORD)
}

/// Iterates over words with the lengths of values; in each word, the last length is in the lowest
/// bits.
pub(super) fn long(values: &[&str]) -> impl Iterator<Item = u64> {
    values.chunks(PER_WORD).map(word)
}

/// Returns a word with the lengths of values.
#[inline(always)]
fn word(values: &[&str]) -> u64 {
    values.iter().fold(0, |word, value| word << LONG_BITS | value.len() as u64)
}

/// Returns whether these are the words with the lengths of the values.
#[inline(always)]
pub(super) fn are_equal(words: &[AtomicU64], values: &[&str]) -> bool {
    let load = |word: &AtomicU64| word.load(Ordering::Relaxed);
    match words {
        [only] => load(only) == word(values),
        words => long(values).eq(words.iter().map(load)),
    }
}

/// Iterates over the lengths of a series' label values.
#[derive(Clone)]
pub(in crate::metric) struct ValueLengths<'s> {
    /// The words after `word`.
    words: &'s [AtomicU64],
    /// The next length is in the highest bits.
    word: u64,
    /// The number of lengths left in `word`.
    in_word: usize,
    /// The number of lengths left in `words`.
    left: usize,
}

impl<'s> ValueLengths<'s> {
    /// Returns `None` if a value is escaped: rendered, it has another length.
    #[inline(always)]
    pub(super) fn of(record: Record<'s>, count: usize, layout: Layout) -> Option<Self> {
        let header = record.header;
        if header.is_escaped() {
            return None;
        }
        let lengths = header.lengths();
        if lengths.are_elsewhere() {
            let words = record.lengths(layout);
            return Some(Self { words, word: 0, in_word: 0, left: count });
        }
        let word = first_at_top(lengths.widened(), count);
        Some(Self { words: &[], word, in_word: count, left: 0 })
    }

    #[inline(always)]
    fn next_word(&mut self) {
        if let Some((word, words)) = self.words.split_first() {
            self.in_word = self.left.min(PER_WORD);
            self.left -= self.in_word;
            self.words = words;
            self.word = first_at_top(word.load(Ordering::Relaxed), self.in_word);
        }
    }
}

impl Iterator for ValueLengths<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.in_word == 0 {
            self.next_word();
        }
        self.in_word = self.in_word.checked_sub(1)?;
        self.word = self.word.rotate_left(LONG_BITS);
        Some(usize::from(self.word as u16))
    }
}

/// Moves the first of `count` lengths in a word to the highest bits.
#[inline(always)]
fn first_at_top(word: u64, count: usize) -> u64 {
    word.checked_shl(LONG_BITS * (PER_WORD - count) as u32).unwrap_or(0)
}
