//! Stripes, which spread the threads over several locks.

use std::cell::Cell;
use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::storage::Storage;

pub(super) const STRIPES: usize = 8;

/// The storage and lock of one stripe, on a cache line of its own.
#[repr(align(64))]
pub(super) struct Stripe(pub(super) RwLock<Storage>);

/// Returns the stripe of the current thread. Threads are spread in the order of their first use.
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
