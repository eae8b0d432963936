//! Stripes, which spread the threads over several locks.

use std::cell::Cell;
#[cfg(not(loom))]
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(not(loom))]
use super::sizes::STRIPES;
use super::storage::Storage;
use crate::sync::modelled::RwLock;

/// The storage and lock of one stripe, on a cache line of its own.
#[repr(align(64))]
pub(super) struct Stripe(pub(super) RwLock<Storage>);

/// Returns the stripe of the current thread. Threads are spread in the order of their first use.
#[cfg(not(loom))]
#[inline(always)]
pub(super) fn of_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static STRIPE: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    let choose = |stripe: &Cell<usize>| {
        if stripe.get() == usize::MAX {
            stripe.set(NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES);
        }
        stripe.get()
    };
    STRIPE.try_with(choose).unwrap_or_default()
}

#[cfg(loom)]
loom::thread_local! {
    /// The stripe of a thread of a model, which sets it when the thread starts.
    pub(super) static STRIPE: Cell<usize> = Cell::new(0);
}

/// Returns the stripe of the current thread of a model.
#[cfg(loom)]
pub(super) fn of_thread() -> usize {
    STRIPE.with(Cell::get)
}
