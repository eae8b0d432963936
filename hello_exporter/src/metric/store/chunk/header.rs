//! The first word of a record.

use super::Layout;
use crate::metric::store::index::Index;
use crate::metric::store::lengths::HeaderLengths;
use crate::metric::store::sizes::LINE_WORDS;

/// The first word of a record. From the highest bit: the lengths of its label values, whether it is
/// a tombstone, whether any label is escaped, the position of the value, the padding, a few bits of
/// the hash, and the length of the stored labels.
#[derive(Clone, Copy)]
pub(in crate::metric::store) struct Header(pub(super) u64);

impl Header {
    const VALUE_LENGTHS_AT: u32 = 32;
    /// The series was removed.
    pub(super) const TOMBSTONE: u64 = 1 << 31;
    const ESCAPED: u64 = 1 << 30;
    /// The value precedes the labels instead of following them.
    const VALUE_FIRST: u64 = 1 << 29;
    /// The lowest bit of the padding: the number of unused words before a value that follows the
    /// labels.
    const PADDING_AT: u32 = Self::HASH_AT + Index::LOW_HASH_BITS;
    const PADDING_BITS: u32 = 4;
    const PADDING: u64 = ((1 << Self::PADDING_BITS) - 1) << Self::PADDING_AT;
    const HASH_AT: u32 = Self::LENGTH_BITS;
    const HASH: u64 = ((1 << Index::LOW_HASH_BITS) - 1) << Self::HASH_AT;
    const LENGTH_BITS: u32 = 21;

    /// Returns `None` if the labels have 2 MiB or more.
    pub(super) fn new(hash: u64, lengths: HeaderLengths, labels: &str) -> Option<Self> {
        let escaped = if labels.contains('\\') { Self::ESCAPED } else { 0 };
        let length = labels.len() as u64;
        let is_short = length >> Self::LENGTH_BITS == 0;
        let lengths = u64::from(lengths.to_bits()) << Self::VALUE_LENGTHS_AT;
        let hash = Index::low_hash(hash) << Self::HASH_AT;
        is_short.then_some(Self(lengths | escaped | hash | length))
    }

    /// Returns the lengths of the label values.
    #[inline(always)]
    pub(in crate::metric::store) fn lengths(self) -> HeaderLengths {
        HeaderLengths::from_bits((self.0 >> Self::VALUE_LENGTHS_AT) as u32)
    }

    /// Returns the number of bytes of the labels.
    #[inline(always)]
    pub(super) fn labels_length(self) -> usize {
        self.0 as usize & ((1 << Self::LENGTH_BITS) - 1)
    }

    /// Returns the number of words of the labels and the start timestamp.
    #[inline(always)]
    pub(super) fn labels_words(self, layout: Layout) -> usize {
        // Fewer instructions than `div_ceil`, which does not know that this cannot overflow.
        (self.labels_length() + layout.start_bytes + 7) >> 3
    }

    /// Returns the number of words of the lengths that are not in the header.
    #[inline(always)]
    pub(super) fn lengths_words(self, layout: Layout) -> usize {
        if self.lengths().are_elsewhere() { layout.lengths_words } else { 0 }
    }

    #[inline(always)]
    pub(super) fn padding(self) -> usize {
        ((self.0 & Self::PADDING) >> Self::PADDING_AT) as usize
    }

    #[inline(always)]
    pub(super) fn has_value_first(self) -> bool {
        self.0 & Self::VALUE_FIRST != 0
    }

    /// Returns the header of the same record without padding, its value after its labels.
    pub(super) fn plain(self) -> Self {
        Self(self.0 & !(Self::VALUE_FIRST | Self::PADDING))
    }

    pub(super) fn with_padding(self, padding: usize) -> Self {
        const {
            assert!(Self::PADDING_AT + Self::PADDING_BITS == Self::VALUE_FIRST.trailing_zeros());
            // A record is padded twice at most, each time by less than a line.
            assert!(2 * (LINE_WORDS - 1) < 1 << Self::PADDING_BITS);
        }
        Self(self.plain().0 | (padding as u64) << Self::PADDING_AT)
    }

    pub(super) fn with_value_first(self) -> Self {
        Self(self.plain().0 | Self::VALUE_FIRST)
    }

    #[inline(always)]
    pub(in crate::metric::store) fn is_escaped(self) -> bool {
        self.0 & Self::ESCAPED != 0
    }

    #[inline(always)]
    pub(super) fn is_tombstone(self) -> bool {
        self.0 & Self::TOMBSTONE != 0
    }

    /// Returns the bits of the hash that [`Index::low_hash`] selects.
    pub(in crate::metric::store) fn low_hash(self) -> u64 {
        (self.0 & Self::HASH) >> Self::HASH_AT
    }
}
