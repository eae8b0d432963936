//! Words read as bytes.

use crate::sync::modelled::AtomicU64;

/// Returns the first `length` bytes of the words.
///
/// # Safety
///
/// The words have at least `length` bytes. No thread stores to them while the bytes are borrowed,
/// and every earlier store happened before this call.
#[cfg(not(loom))]
#[inline(always)]
pub(super) unsafe fn bytes(words: &[AtomicU64], length: usize) -> &[u8] {
    // SAFETY: the caller guarantees the length, and that the bytes do not change. An atomic word is
    // eight bytes, all initialized.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), length) }
}

/// Returns the same bytes in a model, where a word of loom has more than eight. They are copied and
/// never freed. Loom fails if a store to a word did not happen before this load, or if one follows
/// that this load did not happen before.
///
/// # Safety
///
/// Loom checks what the other function requires.
#[cfg(loom)]
pub(super) unsafe fn bytes(words: &[AtomicU64], length: usize) -> &[u8] {
    // SAFETY: loom panics if the load is not ordered with all stores.
    let words = words.iter().map(|word| unsafe { word.unsync_load() });
    let bytes = words.flat_map(u64::to_ne_bytes).take(length);
    bytes.collect::<Vec<u8>>().leak()
}
