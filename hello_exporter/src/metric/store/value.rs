//! The value of a series.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::chunk::Natives;
use crate::metric::native::NativeHistogram;

/// The value of a series: words, or a native histogram.
#[derive(Clone, Copy)]
pub struct SeriesValue<'s> {
    /// The number of a native histogram in `natives`, or else the value.
    pub(in crate::metric) words: &'s [AtomicU64],
    natives: &'s Natives,
}

impl<'s> SeriesValue<'s> {
    #[inline(always)]
    pub(super) fn new(words: &'s [AtomicU64], natives: &'s Natives) -> Self {
        Self { words, natives }
    }

    /// Returns the native histogram, if the family has them.
    #[inline(always)]
    pub(in crate::metric) fn native(self) -> Option<&'s Arc<NativeHistogram>> {
        let number = self.words.first()?.load(Ordering::Relaxed);
        self.natives.get(number as usize)?.get()
    }
}
