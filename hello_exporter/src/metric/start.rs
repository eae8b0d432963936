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

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits.cast_signed())
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
