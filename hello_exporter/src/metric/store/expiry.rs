//! Removes series that were not updated for a while, in families with `expire_after`.
//!
//! Each series of such a family has one more word, its [`LastUpdate`]. An update reads no clock: it
//! only clears the time in that word. The next sweep sets it to the time of the sweep. Later sweeps
//! remove the series once that time is long enough ago.
//!
//! Every scrape of a family sweeps it first. The creation of a series sweeps, too, from time to
//! time, so that the memory of a family stays bounded without scrapes.

use std::time::Duration;

use super::index::Location;
use super::value::SeriesValue;
use super::{Store, Writer};
use crate::clock;
use crate::sync::modelled::{AtomicU64, Ordering};

/// The expiry of a family's series.
pub(super) struct Expiry {
    /// In milliseconds.
    after: u64,
    /// The time from which on the creation of a series sweeps.
    next_sweep: AtomicU64,
}

impl Expiry {
    /// How often, in the time after which series expire, the creation of a series sweeps. A sweep
    /// reads all series, so most creations do without.
    const SWEEPS: u64 = 32;

    pub(super) fn new(after: Duration) -> Self {
        let after = u64::try_from(after.as_millis()).unwrap_or(u64::MAX).max(1);
        let expiry = Self { after, next_sweep: AtomicU64::new(0) };
        expiry.record_sweep(clock::milliseconds());
        expiry
    }

    /// Postpones the next sweep by a creation.
    fn record_sweep(&self, now: u64) {
        let next_sweep = now.saturating_add((self.after / Self::SWEEPS).max(1));
        self.next_sweep.store(next_sweep, Ordering::Relaxed);
    }

    fn is_expired(&self, value: SeriesValue<'_>, now: u64) -> bool {
        value.last_update.is_some_and(|last_update| last_update.is_before(now, self.after))
    }
}

/// The time when a sweep last found a series updated, and the number of its guards. A series with
/// guards does not expire.
#[derive(Clone, Copy)]
pub(in crate::metric) struct LastUpdate<'s>(&'s AtomicU64);

impl<'s> LastUpdate<'s> {
    /// The bits of the time in milliseconds, enough for 34 years. It is zero if the series was
    /// updated since the last sweep.
    const TIME: u64 = (1 << 40) - 1;
    /// One guard. The number of guards is in the bits above the time.
    const GUARD: u64 = Self::TIME + 1;

    #[inline(always)]
    pub(super) fn new(word: &'s AtomicU64) -> Self {
        Self(word)
    }

    /// Records an update.
    #[inline(always)]
    pub(super) fn renew(self) {
        if self.0.load(Ordering::Relaxed) & Self::TIME != 0 {
            self.0.fetch_and(!Self::TIME, Ordering::Relaxed);
        }
    }

    pub(in crate::metric) fn add_guard(self) {
        self.0.fetch_add(Self::GUARD, Ordering::Relaxed);
    }

    /// Removes a guard, and records an update. A guard of a series that was removed and created
    /// again is not counted, so it takes the place of one that is.
    pub(in crate::metric) fn remove_guard(self) {
        let without_guard = |word: u64| Some(word.saturating_sub(Self::GUARD) & !Self::TIME);
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, without_guard);
    }

    /// Sets the time, if the series was updated since the last sweep.
    fn sweep(self, now: u64) {
        let word = self.0.load(Ordering::Relaxed);
        if word & Self::TIME == 0 {
            let swept = word | now & Self::TIME;
            // If this fails, another sweep has set the time, or the next one will.
            let _ = self.0.compare_exchange(word, swept, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Returns whether the time is at least `after` before `now`, and there are no guards.
    fn is_before(self, now: u64, after: u64) -> bool {
        let time = self.0.load(Ordering::Relaxed);
        (1..Self::GUARD).contains(&time) && now.saturating_sub(time) >= after
    }
}

impl Store {
    /// Sweeps a family whose series expire, for a scrape.
    #[inline]
    pub(in crate::metric) fn remove_expired(&self) {
        if let Some(expiry) = &self.expiry {
            let now = clock::milliseconds();
            if self.sweep(expiry, now) {
                self.remove_found(&mut self.lock_writer(), expiry, now);
            }
        }
    }

    /// Sweeps a family whose series expire, for the creation of a series, if the last sweep was a
    /// while ago.
    pub(super) fn remove_expired_before_creation(&self, writer: &mut Writer) {
        if let Some(expiry) = &self.expiry {
            let now = clock::milliseconds();
            if now >= expiry.next_sweep.load(Ordering::Relaxed) && self.sweep(expiry, now) {
                self.remove_found(writer, expiry, now);
            }
        }
    }

    /// Sets the time of each series that was updated since the last sweep. Returns whether any
    /// series has expired. Takes no lock that others wait for.
    ///
    /// Sweeps can run at the same time. If the family is compacted meanwhile, the times can be
    /// lost; the next sweep sets them.
    fn sweep(&self, expiry: &Expiry, now: u64) -> bool {
        let storage = self.storage();
        let mut found = false;
        for (chunk, _, record) in storage.walk(self.layout) {
            let value = storage.value_of(chunk, record, self.layout);
            value.last_update.inspect(|last_update| last_update.sweep(now));
            found |= expiry.is_expired(value, now);
        }
        expiry.record_sweep(now);
        found
    }

    /// Removes the series that have expired.
    ///
    /// Updates go on meanwhile, so a series can be updated after it was found expired. The removal
    /// reads its last update again under the locks of all stripes, when no update is running.
    fn remove_found(&self, writer: &mut Writer, expiry: &Expiry, now: u64) {
        let storage = self.storage();
        let expired = storage.walk(self.layout).filter_map(|(chunk, offset, record)| {
            let value = storage.value_of(chunk, record, self.layout);
            if !expiry.is_expired(value, now) {
                return None;
            }
            Some((Location::new(chunk, offset)?, self.hash_of(record)))
        });
        let expired: Vec<(Location, u64)> = expired.collect();
        self.remove_at(writer, &storage, &expired, |value| expiry.is_expired(value, now));
    }
}
