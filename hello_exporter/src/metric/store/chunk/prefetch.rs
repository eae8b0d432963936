//! Memory that is read soon.

use crate::sync::modelled::AtomicU64;

/// Begins to load a word and those beside it into the cache.
///
/// A walk through all records is shorter by a tenth to a fifth with it: the processor itself loads
/// ahead only up to the end of a page.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn prefetch(word: &AtomicU64) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

    // SAFETY: every x86-64 processor has the instruction, and it changes nothing but the cache.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(word).cast()) };
}

/// Does nothing: no stable function prefetches on this architecture.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(super) fn prefetch(_: &AtomicU64) {}
