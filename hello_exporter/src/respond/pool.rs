//! Keeps buffers and compressors for the next scrape.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::sync::lock;

/// Most values in a pool. An exporter has few concurrent scrapes: of two Prometheus servers, and a
/// browser.
pub(super) const MOST_VALUES: usize = 4;

/// Most memory in a pool. A larger value is made anew for each scrape: such a scrape takes much
/// longer anyway.
const MOST_BYTES: usize = 16 << 20;

/// How long a value is kept while no scrape needs it.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(120);

/// A value that is expensive to make.
pub(super) trait Reusable {
    /// Returns its memory.
    fn bytes(&self) -> usize;

    /// Returns whether the last use needed a value of this size.
    fn was_needed(&self) -> bool {
        true
    }
}

impl Reusable for Vec<u8> {
    fn bytes(&self) -> usize {
        self.capacity()
    }

    /// Returns whether at least a quarter was needed: a buffer doubles when it grows, and
    /// expositions vary.
    fn was_needed(&self) -> bool {
        self.len() >= self.capacity() / 4
    }
}

/// Values of one type that are not in use, in the order of their last use.
pub(super) struct Pool<T>(Mutex<VecDeque<Pooled<T>>>);

/// A value of a pool.
#[derive(Debug)]
pub(super) struct Pooled<T> {
    pub(super) value: T,
    last_needed: Instant,
}

impl<T> Pooled<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value, last_needed: Instant::now() }
    }
}

impl<T: Reusable> Pool<T> {
    /// Takes the value that was used last.
    pub(super) fn take(&self) -> Option<Pooled<T>> {
        self.take_fitting(|_| true)
    }

    /// Takes the value that was used last among those that fit. Drops values that no scrape has
    /// needed for long.
    pub(super) fn take_fitting(&self, fits: impl Fn(&T) -> bool) -> Option<Pooled<T>> {
        self.take_fitting_at(fits, Instant::now())
    }

    fn take_fitting_at(&self, fits: impl Fn(&T) -> bool, now: Instant) -> Option<Pooled<T>> {
        let mut values = lock(&self.0);
        retain_needed(&mut values, now);
        let at = values.iter().rposition(|pooled| fits(&pooled.value))?;
        values.remove(at)
    }

    /// Puts a value into the pool. Returns `false` if it is too large: it is dropped.
    pub(super) fn put(&self, pooled: Pooled<T>) -> bool {
        self.put_at(pooled, Instant::now())
    }

    /// Puts a value into the pool. Drops values that no scrape has needed for long, and then those
    /// beyond the limits, least recently used first.
    fn put_at(&self, mut pooled: Pooled<T>, now: Instant) -> bool {
        if pooled.value.was_needed() {
            pooled.last_needed = now;
        }
        if pooled.value.bytes() > MOST_BYTES {
            return false;
        }
        let mut values = lock(&self.0);
        values.push_back(pooled);
        retain_needed(&mut values, now);
        while values.len() > MOST_VALUES || bytes(&values) > MOST_BYTES {
            values.pop_front();
        }
        true
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> Vec<usize> {
        lock(&self.0).iter().map(|pooled| pooled.value.bytes()).collect()
    }
}

fn retain_needed<T>(values: &mut VecDeque<Pooled<T>>, now: Instant) {
    values.retain(|pooled| now.duration_since(pooled.last_needed) < IDLE_TIMEOUT);
}

fn bytes<T: Reusable>(values: &VecDeque<Pooled<T>>) -> usize {
    values.iter().map(|pooled| pooled.value.bytes()).sum()
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

    /// Returns a buffer of `capacity` bytes, of which the last use needed `length`.
    fn used(length: usize, capacity: usize) -> Pooled<Vec<u8>> {
        let mut buffer = Vec::with_capacity(capacity);
        buffer.resize(length, 0);
        Pooled::new(buffer)
    }

    #[test]
    fn last_used_value_is_taken_first() {
        let pool = Pool::default();
        assert!(pool.take().is_none());
        pool.put(used(1, 1));
        pool.put(used(2, 2));
        assert_eq!(pool.take().unwrap().value.len(), 2);
        assert_eq!(pool.bytes(), [1]);
    }

    #[test]
    fn pool_is_bounded_in_number_and_bytes() {
        let pool = Pool::default();
        (1..=6).for_each(|length| assert!(pool.put(used(length, length))));
        assert_eq!(pool.bytes(), [3, 4, 5, 6]);
        pool.put(used(MOST_BYTES, MOST_BYTES));
        assert_eq!(pool.bytes(), [MOST_BYTES]);
        pool.put(used(MOST_BYTES + 1, MOST_BYTES + 1));
        assert_eq!(pool.bytes(), [MOST_BYTES]);
        pool.put(used(7, 7));
        assert_eq!(pool.bytes(), [7]);
    }

    #[test]
    fn idle_value_is_dropped() {
        let pool = Pool::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        pool.put_at(used(1_000, 1_000), start);
        pool.put_at(used(900, 1_000), start);
        for seconds in [60, 119] {
            let mut pooled = pool.take().unwrap();
            pooled.value.truncate(100);
            pool.put_at(pooled, after(seconds));
            assert_eq!(pool.bytes(), [1_000, 1_000]);
        }
        let pooled = pool.take().unwrap();
        pool.put_at(pooled, after(121));
        assert_eq!(pool.bytes(), [0; 0]);
        pool.put_at(used(100, 100), after(122));
        assert_eq!(pool.bytes(), [100]);
    }
}
