//! The key of a series: its label values.

use std::hash::{BuildHasher, Hasher};

use super::Store;
use super::chunk::{Layout, Record};
use super::lengths::{self, HeaderLengths, ValueLengths};
use crate::escape;
use crate::labels::LabelNames;
use crate::sync::modelled::RandomState;

/// The label values of a lookup and their hash. No value is too long.
pub(super) struct SeriesKey<'v> {
    pub(super) values: &'v [&'v str],
    pub(super) hash: u64,
    pub(super) lengths: HeaderLengths,
}

impl<'v> SeriesKey<'v> {
    /// Returns the key of these values, or `None` if a value is too long.
    #[inline(always)]
    pub(super) fn new(values: &'v [&'v str], hasher: &RandomState) -> Option<Self> {
        let mut hasher = hasher.build_hasher();
        let (mut lengths_or, mut lengths) = (0, 0);
        for value in values {
            hasher.write(value.as_bytes());
            lengths_or |= value.len();
            lengths = HeaderLengths::append(lengths, value.len());
        }
        let lengths = HeaderLengths::new(values.len(), lengths_or, lengths)?;
        Some(Self { values, hash: hasher.finish(), lengths })
    }

    /// Iterates over the words with the lengths of the values; there are none if they are short.
    pub(super) fn long_lengths(&self) -> impl Iterator<Item = u64> {
        let values = if self.lengths.are_elsewhere() { self.values } else { &[] };
        lengths::long(values)
    }

    /// Returns whether the record is the series of the key.
    ///
    /// If the lengths of the record's values equal those of the key's, every value has the same
    /// position in the stored labels of the record as in those of the key. So it is enough to
    /// compare the values. That holds only for labels without escapes. An escape makes the rendered
    /// text longer than the value, so the bytes at its position can equal another value of the same
    /// length: `a"b` is rendered as `a\"b`, which begins with the three bytes of the value `a\"`.
    /// So labels with escapes are compared with the escaped key.
    #[inline(always)]
    pub(super) fn matches(&self, record: Record<'_>, store: &Store) -> bool {
        let header = record.header;
        if header.lengths() != self.lengths
            || self.lengths.are_elsewhere() && !self.has_long_lengths(record, store.layout)
        {
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

    /// Returns whether stored labels with escapes are the labels of the key.
    fn matches_escaped(&self, labels: &[u8], store: &Store) -> bool {
        let mut rest = labels;
        let mut is_next =
            |piece: &str| rest.strip_prefix(piece.as_bytes()).inspect(|tail| rest = tail).is_some();
        store.label_names.rendered().zip(self.values).enumerate().all(|(at, (name, value))| {
            (at == 0 || is_next(",") && is_next(name) && is_next("=\""))
                && escape::label_value_pieces(value).all(&mut is_next)
                && is_next("\"")
        }) && rest.is_empty()
    }

    #[cold]
    fn has_long_lengths(&self, record: Record<'_>, layout: Layout) -> bool {
        lengths::are_equal(record.lengths(layout), self.values)
    }
}

impl Store {
    /// Returns the hash of a record's label values.
    pub(super) fn hash_of(&self, record: Record<'_>) -> u64 {
        let labels = record.labels();
        let mut hasher = self.hasher.build_hasher();
        match ValueLengths::of(record, self.gaps.len(), self.layout) {
            Some(lengths) => {
                let mut at = 0;
                for (gap, length) in self.gaps.iter().zip(lengths) {
                    let start = at + gap;
                    at = start + length;
                    hasher.write(labels.get(start..at).unwrap_or_default());
                }
            }
            None => {
                let mut joined = Vec::new();
                let pairs = self.labels_of(record).join(&mut joined).pairs();
                pairs.for_each(|(_, value)| hasher.write(value.as_bytes()));
            }
        }
        hasher.finish()
    }
}

/// Returns the part of rendered labels before the first value; empty without labels.
pub(super) fn labels_prefix(label_names: &LabelNames) -> Box<str> {
    label_names.rendered().next().map_or_else(Box::default, |name| format!("{name}=\"").into())
}

/// Returns the number of stored bytes before each label value: none before the first one,
/// `",name="` before the others.
pub(super) fn gaps(label_names: &LabelNames) -> Box<[usize]> {
    let lengths = label_names.rendered().map(str::len).enumerate();
    lengths.map(|(at, length)| if at == 0 { 0 } else { length + 4 }).collect()
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
