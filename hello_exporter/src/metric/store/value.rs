//! The value of a series.

use std::sync::atomic::{AtomicU64, Ordering};

use super::chunk::Natives;
use crate::metric::native::NativeHistogram;

/// The value of a series: its words and, if it is a histogram that has them, its native buckets.
#[derive(Clone, Copy)]
pub struct SeriesValue<'s> {
    /// The last one of a histogram with native buckets is their number in `natives`.
    pub(in crate::metric) words: &'s [AtomicU64],
    natives: &'s Natives,
}

impl<'s> SeriesValue<'s> {
    #[inline(always)]
    pub(super) fn new(words: &'s [AtomicU64], natives: &'s Natives) -> Self {
        Self { words, natives }
    }

    /// Returns the words without the last one, and the native buckets, if there are any.
    #[inline(always)]
    pub(in crate::metric) fn native(self) -> Option<(&'s [AtomicU64], &'s NativeHistogram)> {
        let (number, words) = self.words.split_last()?;
        let native = self.natives.get(number.load(Ordering::Relaxed) as usize)?.get()?;
        Some((words, native))
    }
}
