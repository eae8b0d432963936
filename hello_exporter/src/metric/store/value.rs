//! The value of a series.

use std::sync::Arc;

use super::chunk::{Layout, Natives};
use super::expiry::LastUpdate;
use crate::metric::native::NativeHistogram;
use crate::sync::modelled::{AtomicU64, Ordering};

/// The value of a series: words, or a native histogram.
#[derive(Clone, Copy)]
pub struct SeriesValue<'s> {
    /// The number of a native histogram in `natives`, or else the value.
    pub(in crate::metric) words: &'s [AtomicU64],
    natives: &'s Natives,
    pub(in crate::metric) last_update: Option<LastUpdate<'s>>,
}

impl<'s> SeriesValue<'s> {
    #[inline(always)]
    pub(super) fn new(state: &'s [AtomicU64], natives: &'s Natives, layout: Layout) -> Self {
        let (words, last_update) = layout.split(state);
        Self { words, natives, last_update }
    }

    /// Records an update of a series that expires.
    #[inline(always)]
    pub(super) fn renew(self) {
        if let Some(last_update) = self.last_update {
            last_update.renew();
        }
    }

    /// Returns the native histogram, if the family has them.
    #[inline(always)]
    pub(in crate::metric) fn native(self) -> Option<&'s Arc<NativeHistogram>> {
        let number = self.words.first()?.load(Ordering::Relaxed);
        self.natives.get(number as usize)?.get()
    }
}
