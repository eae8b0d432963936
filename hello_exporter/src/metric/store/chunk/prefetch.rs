//! Loads memory into the cache before it is read.

use crate::sync::modelled::AtomicU64;

/// Begins to load the cache line of a word.
///
/// A scrape in the text format takes about an eighth less time with it: the processor itself loads
/// ahead only to the end of a page.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn prefetch(word: &AtomicU64) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

    // SAFETY: every x86-64 processor has the instruction, and it changes nothing but the cache.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(word).cast()) };
}

/// Does nothing: most other architectures have no stable function for it.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(super) fn prefetch(_: &AtomicU64) {}
