//! Start timestamps: when a series began to count.

use std::sync::OnceLock;
use std::time::SystemTime;

use crate::encode::unix_milliseconds;
use crate::sync::modelled::{AtomicU64, Ordering};

/// The start timestamp of a series, in milliseconds since the Unix epoch. 0 stands for
/// [`first_use`], which a constant cannot know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StartTimestamp(i64);

impl StartTimestamp {
    /// The start of metrics that constants make.
    pub(super) const FIRST_USE: Self = Self(0);

    pub(super) fn now() -> Self {
        first_use();
        Self(unix_milliseconds(SystemTime::now()))
    }

    /// Returns the start timestamp in a word.
    pub(super) fn of(word: &AtomicU64) -> Self {
        Self::from_bits(word.load(Ordering::Relaxed))
    }

    #[cfg(test)]
    pub(super) fn at(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    const fn from_bits(bits: u64) -> Self {
        Self(bits.cast_signed())
    }

    /// The number of bytes that a series stores, enough for 4,000 years before and after 1970.
    pub(super) const BYTES: usize = 6;

    /// Returns the bytes that a series stores.
    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        let [a, b, c, d, e, f, ..] = self.0.to_le_bytes();
        [a, b, c, d, e, f]
    }

    /// Returns the start timestamp whose bytes are the last ones of a word.
    #[inline(always)]
    pub(super) fn from_end(word: u64) -> Self {
        const UNUSED: u32 = u64::BITS - StartTimestamp::BYTES as u32 * u8::BITS;

        Self(u64::from_le(word).cast_signed() >> UNUSED)
    }

    pub(super) fn to_bits(self) -> u64 {
        self.0.cast_unsigned()
    }

    pub(crate) fn milliseconds(self) -> i64 {
        if self.0 == 0 { first_use() } else { self.0 }
    }
}

/// A metric starts when it is made.
impl Default for StartTimestamp {
    fn default() -> Self {
        Self::now()
    }
}

/// Returns when the process made its first metric or registry, which calls this first.
pub(crate) fn first_use() -> i64 {
    static START: OnceLock<i64> = OnceLock::new();

    *START.get_or_init(|| unix_milliseconds(SystemTime::now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_series_are_read_back() {
        let far = 1 << (StartTimestamp::BYTES * 8 - 1);
        for milliseconds in [0, 1, -1, 1_795_905_600_123, far - 1, -far] {
            let [a, b, c, d, e, f] = StartTimestamp(milliseconds).to_bytes();
            let word = u64::from_ne_bytes([0xFF, 7, a, b, c, d, e, f]);
            assert_eq!(StartTimestamp::from_end(word).0, milliseconds);
        }
    }
}
