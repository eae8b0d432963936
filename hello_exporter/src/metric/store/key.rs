//! The key of a series: its label values.

use std::hash::{BuildHasher, Hasher};

use super::Store;
use super::chunk::Record;
use crate::escape;
use crate::labels::{LabelNames, MAX_LABEL_VALUE_BYTES};
use crate::sync::modelled::{AtomicU64, Ordering, RandomState};

/// The label values of a lookup and their hash. No value is too long.
pub(super) struct SeriesKey<'v> {
    pub(super) values: &'v [&'v str],
    pub(super) hash: u64,
    /// The lengths of the values, the last one in the lowest bits; complete for up to four values.
    lengths: u64,
}

impl<'v> SeriesKey<'v> {
    /// The bits of the length of one value, enough for the longest one.
    const LENGTH_BITS: u32 = 16;
    /// The number of lengths in a word.
    const LENGTHS_PER_WORD: usize = (u64::BITS / Self::LENGTH_BITS) as usize;

    /// Returns the number of words for the lengths of `count` values.
    pub(super) fn lengths_words(count: usize) -> usize {
        count.div_ceil(Self::LENGTHS_PER_WORD)
    }

    /// Returns the key of these values, or `None` if a value is too long.
    #[inline(always)]
    pub(super) fn new(values: &'v [&'v str], hasher: &RandomState) -> Option<Self> {
        let mut hasher = hasher.build_hasher();
        let mut lengths = 0;
        for value in values {
            hasher.write(value.as_bytes());
            if value.len() > MAX_LABEL_VALUE_BYTES {
                return None;
            }
            lengths = lengths << Self::LENGTH_BITS | value.len() as u64;
        }
        Some(Self { values, hash: hasher.finish(), lengths })
    }

    /// Iterates over words with the lengths of the values; in each word, the last length is in the
    /// lowest bits.
    pub(super) fn lengths(&self) -> impl Iterator<Item = u64> {
        self.values.chunks(Self::LENGTHS_PER_WORD).map(|values| {
            let lengths = values.iter().map(|value| value.len() as u64);
            lengths.fold(0, |word, length| word << Self::LENGTH_BITS | length)
        })
    }

    /// Returns whether the record is the series of the key.
    ///
    /// If the lengths of the record's values equal those of the key's, every value has the same
    /// position in the rendered labels of the record as in those of the key. So it is enough to
    /// compare the values. That holds only for labels without escapes. An escape makes the rendered
    /// text longer than the value, so the bytes at its position can equal another value of the same
    /// length: `a"b` is rendered as `a\"b`, which begins with the three bytes of the value `a\"`.
    /// So labels with escapes are compared with the escaped key.
    #[inline(always)]
    pub(super) fn matches(&self, record: Record<'_>, store: &Store) -> bool {
        let header = record.header;
        if header.hash() != u64::from(self.hash as u32) || !self.has_lengths(record.lengths()) {
            return false;
        }
        let labels = record.labels();
        if header.is_escaped() {
            return self.matches_escaped(labels, store);
        }
        let mut at = 0;
        for (gap, value) in store.gaps.iter().zip(self.values) {
            at += gap;
            let end = at + value.len();
            if !labels.get(at..end).is_some_and(|stored| are_equal(stored, value.as_bytes())) {
                return false;
            }
            at = end;
        }
        true
    }

    /// Returns whether rendered labels with escapes are the labels of the key.
    fn matches_escaped(&self, labels: &[u8], store: &Store) -> bool {
        let mut rest = labels;
        let mut is_next =
            |piece: &str| rest.strip_prefix(piece.as_bytes()).inspect(|tail| rest = tail).is_some();
        store.label_names.rendered().zip(self.values).enumerate().all(|(at, (name, value))| {
            (at == 0 || is_next(","))
                && is_next(name)
                && is_next("=\"")
                && escape::label_value_pieces(value).all(&mut is_next)
                && is_next("\"")
        }) && rest.is_empty()
    }

    #[inline(always)]
    fn has_lengths(&self, mut words: impl Iterator<Item = u64>) -> bool {
        match self.values.len() {
            0 => true,
            1..=Self::LENGTHS_PER_WORD => words.next() == Some(self.lengths),
            _ => self.has_many_lengths(words),
        }
    }

    #[cold]
    fn has_many_lengths(&self, words: impl Iterator<Item = u64>) -> bool {
        self.lengths().eq(words.take(Self::lengths_words(self.values.len())))
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
    pub(super) fn of(record: Record<'s>, count: usize) -> Option<Self> {
        if record.header.is_escaped() {
            return None;
        }
        let mut lengths = Self { words: record.lengths_words(), word: 0, in_word: 0, left: count };
        lengths.next_word();
        Some(lengths)
    }

    #[inline(always)]
    fn next_word(&mut self) {
        if let Some((word, words)) = self.words.split_first() {
            self.in_word = self.left.min(SeriesKey::LENGTHS_PER_WORD);
            self.left -= self.in_word;
            self.words = words;
            let unused = (SeriesKey::LENGTHS_PER_WORD - self.in_word) as u32;
            let shift = SeriesKey::LENGTH_BITS * unused;
            self.word = word.load(Ordering::Relaxed).checked_shl(shift).unwrap_or(0);
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
        self.word = self.word.rotate_left(SeriesKey::LENGTH_BITS);
        Some(usize::from(self.word as u16))
    }
}

/// Returns the number of bytes before each label value: `name="` before the first one, `",name="`
/// before the others.
pub(super) fn gaps(label_names: &LabelNames) -> Box<[usize]> {
    let lengths = label_names.rendered().map(str::len).enumerate();
    lengths.map(|(at, length)| length + if at == 0 { 2 } else { 4 }).collect()
}

/// Returns whether two values of the same length are equal.
///
/// Most values are short. Comparing their two ends, which may overlap, needs no call and no loop.
#[inline(always)]
fn are_equal(one: &[u8], other: &[u8]) -> bool {
    match one.len() {
        0 => true,
        1 => one == other,
        2..4 => have_same_ends::<2>(one, other),
        4..8 => have_same_ends::<4>(one, other),
        8..=16 => have_same_ends::<8>(one, other),
        17..=32 => have_same_ends::<16>(one, other),
        _ => one == other,
    }
}

#[inline(always)]
fn have_same_ends<const N: usize>(one: &[u8], other: &[u8]) -> bool {
    one.first_chunk::<N>() == other.first_chunk() && one.last_chunk::<N>() == other.last_chunk()
}
