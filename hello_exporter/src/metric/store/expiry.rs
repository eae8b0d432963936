//! Removes series that were not updated for a while, in families with `expire_after`.
//!
//! Each series of such a family has one more word, its [`LastUpdate`]. An update reads no clock: it
//! only clears the time in that word. The next sweep sets it to the time of the sweep. Later sweeps
//! remove the series once that time is long enough ago. So a series is never removed too early.
//!
//! A scrape sweeps before it encodes the family, and so does the creation of a series, so that the
//! memory of a family stays bounded without scrapes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::index::Location;
use super::{Store, Writer};
use crate::clock;

/// The expiry of a family's series.
pub(super) struct Expiry {
    /// In milliseconds.
    after: u64,
    /// The time from which on a scrape sweeps: when the first series expires, or earlier, so that
    /// updates are found soon.
    next_sweep: AtomicU64,
}

impl Expiry {
    /// How often scrapes look for updates in the time after which series expire. More often would
    /// cost more, because a sweep reads all series.
    const SWEEPS: u64 = 32;

    pub(super) fn new(after: Duration) -> Self {
        let after = u64::try_from(after.as_millis()).unwrap_or(u64::MAX).max(1);
        Self { after, next_sweep: AtomicU64::new(0) }
    }

    /// Returns the current time if the family should be swept.
    fn due(&self) -> Option<u64> {
        let now = clock::milliseconds();
        (now >= self.next_sweep.load(Ordering::Relaxed)).then_some(now)
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

    /// Removes a guard, and records an update. A series that was removed and created again does not
    /// have the guards of the removed one.
    pub(in crate::metric) fn remove_guard(self) {
        let without_guard = |word: u64| Some(word.saturating_sub(Self::GUARD) & !Self::TIME);
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, without_guard);
    }

    /// Sets the time of a series that was updated since the last sweep. Only one thread at a time
    /// sweeps a family.
    fn sweep(self, now: u64) {
        if self.0.load(Ordering::Relaxed) & Self::TIME == 0 {
            self.0.fetch_or(now & Self::TIME, Ordering::Relaxed);
        }
    }

    /// Returns when the series expires, unless it was updated since the last sweep or has guards.
    fn expires_at(self, after: u64) -> Option<u64> {
        let time = self.0.load(Ordering::Relaxed);
        (1..Self::GUARD).contains(&time).then(|| time.saturating_add(after))
    }
}

impl Store {
    /// Removes the series that were not updated for the family's `expire_after`, if it has one.
    #[inline]
    pub(in crate::metric) fn remove_expired(&self) {
        if self.expiry.as_ref().is_some_and(|expiry| expiry.due().is_some()) {
            self.sweep(&mut self.lock_writer());
        }
    }

    /// Removes the series that were not updated for the family's `expire_after`, unless it is too
    /// early for another sweep.
    ///
    /// Updates go on meanwhile, so a series can be updated after it was found expired. The removal
    /// reads its last update again under the locks of all stripes, when no update is running.
    pub(super) fn sweep(&self, writer: &mut Writer) {
        let Some(expiry) = &self.expiry else { return };
        let Some(now) = expiry.due() else { return };
        let mut next_sweep = now.saturating_add(expiry.after / Expiry::SWEEPS);
        let storage = self.storage();
        let mut expired: Vec<Location> = Vec::new();
        for (chunk, offset, record) in storage.walk(self.layout) {
            let value = storage.value_of(chunk, record, self.layout);
            let Some(last_update) = value.last_update else { continue };
            last_update.sweep(now);
            match last_update.expires_at(expiry.after) {
                Some(time) if time <= now => expired.extend(Location::new(chunk, offset)),
                Some(time) => next_sweep = next_sweep.min(time),
                None => {}
            }
        }
        expiry.next_sweep.store(next_sweep, Ordering::Relaxed);
        self.remove_at(writer, &storage, &expired, |value| {
            let expires_at = value.last_update.and_then(|it| it.expires_at(expiry.after));
            expires_at.is_some_and(|time| time <= now)
        });
    }
}
