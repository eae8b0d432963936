//! A cached lookup.

use super::index::Location;
use crate::sync::modelled::{AtomicU64, Ordering};

/// The location of a series, and the generation of the store in which it was found.
///
/// It is set under the lock of a stripe, while the generation cannot change: threads that set it at
/// the same time set the same values. So a reader that finds the current generation, also
/// under the lock of a stripe, finds the location of that generation.
pub(crate) struct CachedLookup {
    generation: AtomicU64,
    location: AtomicU64,
}

impl CachedLookup {
    /// The generation before the first lookup.
    pub(super) const NEVER: u64 = 0;

    pub(crate) fn new() -> Self {
        Self { generation: AtomicU64::new(Self::NEVER), location: AtomicU64::new(0) }
    }

    #[inline(always)]
    pub(super) fn location(&self, generation: u64) -> Option<Location> {
        let is_current = self.generation.load(Ordering::Acquire) == generation;
        is_current.then(|| Location::from_word(self.location.load(Ordering::Relaxed))).flatten()
    }

    pub(super) fn set(&self, location: Location, generation: u64) {
        self.location.store(location.to_word(), Ordering::Relaxed);
        self.generation.store(generation, Ordering::Release);
    }
}
