//! A look-up that is kept.

use std::sync::atomic::{AtomicU64, Ordering};

use super::index::Location;

/// Where a series was found, and in which generation of its store.
///
/// It is set under a stripe, whose lock keeps the generation from changing: whoever sets it at the same
/// time sets the same. So a reader that finds the current generation, under a stripe as well, finds
/// the location that goes with it.
pub(crate) struct Pin {
    generation: AtomicU64,
    location: AtomicU64,
}

impl Pin {
    /// The generation of what was not found yet.
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
