//! What is kept from one scrape to the next, so that the next one need not make it anew.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// As many scrapes at a time find something that is kept. Few ask an exporter: two Prometheus servers, and
/// somebody with a browser.
const COUNT: usize = 4;

/// As much memory is kept. What takes more is made anew for each scrape, of which that is a small part then.
const BYTES: usize = 16 << 20;

/// How long something is kept that nobody needs.
const UNNEEDED: Duration = Duration::from_secs(120);

/// Something that is worth keeping.
pub(super) trait Kept {
    /// The memory that it takes.
    fn bytes(&self) -> usize;

    /// Whether less memory would not have done.
    fn is_needed(&self) -> bool {
        true
    }
}

impl Kept for Vec<u8> {
    fn bytes(&self) -> usize {
        self.capacity()
    }

    /// A buffer doubles when it grows; expositions differ from one scrape to the next.
    fn is_needed(&self) -> bool {
        self.len() >= self.capacity() / 4
    }
}

/// What is kept of one kind and not in use, what was used last at the end.
pub(super) struct Pool<T>(Mutex<VecDeque<Lent<T>>>);

/// Something of a pool, in use.
#[derive(Debug)]
pub(super) struct Lent<T> {
    pub(super) thing: T,
    /// When it was last needed.
    needed: Instant,
}

impl<T> Lent<T> {
    pub(super) fn new(thing: T) -> Self {
        Self { thing, needed: Instant::now() }
    }
}

impl<T: Kept> Pool<T> {
    /// What was used last.
    pub(super) fn take(&self) -> Option<Lent<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_back()
    }

    pub(super) fn give(&self, lent: Lent<T>) {
        self.give_at(lent, Instant::now());
    }

    /// Keeps it; drops what was not needed for long, and what is too much, longest unused first.
    fn give_at(&self, mut lent: Lent<T>, now: Instant) {
        if lent.thing.is_needed() {
            lent.needed = now;
        }
        if lent.thing.bytes() > BYTES {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(lent);
        kept.retain(|lent| now.duration_since(lent.needed) < UNNEEDED);
        while kept.len() > COUNT || bytes(&kept) > BYTES {
            kept.pop_front();
        }
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> Vec<usize> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(|lent| lent.thing.bytes()).collect()
    }
}

fn bytes<T: Kept>(kept: &VecDeque<Lent<T>>) -> usize {
    kept.iter().map(|lent| lent.thing.bytes()).sum()
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buffer with room for `capacity` bytes, of which the last use needed `length`.
    fn used(length: usize, capacity: usize) -> Lent<Vec<u8>> {
        let mut buffer = Vec::with_capacity(capacity);
        buffer.resize(length, 0);
        Lent::new(buffer)
    }

    #[test]
    fn what_was_used_last_is_used_again() {
        let pool = Pool::default();
        assert!(pool.take().is_none());
        pool.give(used(1, 1));
        pool.give(used(2, 2));
        assert_eq!(pool.take().unwrap().thing.len(), 2);
        assert_eq!(pool.bytes(), [1]);
    }

    #[test]
    fn what_is_kept_is_bounded_in_number_and_in_bytes() {
        let pool = Pool::default();
        (1..=6).for_each(|length| pool.give(used(length, length)));
        assert_eq!(pool.bytes(), [3, 4, 5, 6]);
        pool.give(used(BYTES, BYTES));
        assert_eq!(pool.bytes(), [BYTES]);
        pool.give(used(BYTES + 1, BYTES + 1));
        assert_eq!(pool.bytes(), [BYTES]);
        pool.give(used(7, 7));
        assert_eq!(pool.bytes(), [7]);
    }

    #[test]
    fn what_nobody_needs_is_dropped_after_a_while() {
        let pool = Pool::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        pool.give_at(used(1_000, 1_000), start);
        pool.give_at(used(900, 1_000), start);
        for seconds in [60, 119] {
            let mut lent = pool.take().unwrap();
            lent.thing.truncate(100);
            pool.give_at(lent, after(seconds));
            assert_eq!(pool.bytes(), [1_000, 1_000]);
        }
        let lent = pool.take().unwrap();
        pool.give_at(lent, after(121));
        assert_eq!(pool.bytes(), [0; 0]);
        pool.give_at(used(100, 100), after(122));
        assert_eq!(pool.bytes(), [100]);
    }
}
