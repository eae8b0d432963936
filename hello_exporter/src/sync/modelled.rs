//! The types that models replace: atomics, locks and hashes.
//!
//! A model is a test that [loom](https://docs.rs/loom) runs once for each order of its accesses to
//! memory that can make a difference. With `--cfg loom`, the types are loom's. Otherwise they are
//! those of `std`.
//!
//! `Arc` and `OnceLock` are always those of `std`. The code in models only clones and drops an
//! `Arc`, so loom's would multiply the schedules and find nothing.

pub(crate) use types::*;

#[cfg(not(loom))]
mod types {
    pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
    pub(crate) use std::sync::{Mutex, MutexGuard, RwLock};

    pub(crate) use foldhash::fast::RandomState;

    pub(crate) use crate::sync::{lock, read, write};

    /// Returns a word at zero, for constants.
    pub(crate) const fn zero_word() -> AtomicU64 {
        AtomicU64::new(0)
    }
}

#[cfg(loom)]
mod types {
    use std::ops::Deref;
    use std::sync::PoisonError;

    use loom::sync::atomic;
    pub(crate) use loom::sync::atomic::Ordering;
    pub(crate) use loom::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

    /// Hashes are the same in all orders of a model.
    pub(crate) use foldhash::fast::FixedState as RandomState;

    /// An atomic of loom, with a second one that each access changes first.
    ///
    /// Alone, loom's search skips orders: it compares a store only with the access before it. If
    /// that is a load by the same thread, the loads of other threads before it always come first
    /// (loom's issues 166 and 392). Changes of the second atomic are never skipped. They are
    /// relaxed, so they order no other memory.
    #[derive(Debug)]
    pub struct AtomicU64 {
        word: atomic::AtomicU64,
        accesses: atomic::AtomicU64,
    }

    impl AtomicU64 {
        #[track_caller]
        pub(crate) fn new(value: u64) -> Self {
            Self { word: atomic::AtomicU64::new(value), accesses: atomic::AtomicU64::new(0) }
        }

        /// Loads the value. Loom panics if a store is concurrent.
        ///
        /// # Safety
        ///
        /// See [`atomic::AtomicU64::unsync_load`].
        #[allow(unsafe_code, reason = "models of code that reads words as bytes")]
        #[track_caller]
        pub(crate) unsafe fn unsync_load(&self) -> u64 {
            // SAFETY: as for this function.
            unsafe { self.word.unsync_load() }
        }
    }

    impl Deref for AtomicU64 {
        type Target = atomic::AtomicU64;

        fn deref(&self) -> &atomic::AtomicU64 {
            self.accesses.fetch_add(1, Ordering::Relaxed);
            &self.word
        }
    }

    impl Default for AtomicU64 {
        fn default() -> Self {
            Self::new(0)
        }
    }

    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
        lock.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
        lock.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loom registers each atomic at run time, so constants cannot have one. No model has a metric
    /// that a constant makes.
    pub(crate) const fn zero_word() -> AtomicU64 {
        panic!("no model has a metric without labels")
    }
}
