//! How a native histogram keeps its limit: a wider zero bucket, a lower resolution, and resets.
//!
//! Counts are moved under the lock, which a read also takes. So a read never misses a count.

use std::sync::TryLockError;
use std::time::Instant;

use super::index::{COARSEST_SCHEMA, last_index_within, upper_bound};
use super::levels::Bucket;
use super::{NativeHistogram, NativeScratch, StartTimestamp, load, lock, store};
use crate::sync::modelled::{AtomicU64, Ordering};

/// The state that the lock protects.
#[derive(Debug)]
pub(super) struct Control {
    /// The time of the last reset, or of the creation.
    last_reset: Instant,
    /// The last zero threshold that is not the initial one, or 0.
    widened_threshold: f64,
}

impl Control {
    pub(super) fn new(now: Instant) -> Self {
        Self { last_reset: now, widened_threshold: 0.0 }
    }
}

impl NativeHistogram {
    pub(super) fn exceeds(&self, populated: usize) -> bool {
        let max = self.options.max_buckets;
        max > 0 && populated > max as usize
    }

    pub(super) fn is_reset_permitted(&self, control: &Control, now: Instant) -> bool {
        let since = now.saturating_duration_since(control.last_reset);
        self.options.has_resets() && since >= self.options.min_reset
    }

    /// Enforces the limit after an observation in an empty bucket.
    ///
    /// If another thread holds the lock, this does nothing: the next read enforces the limit.
    #[cold]
    pub(super) fn limit(&self) {
        let populated = load::<u64>(&self.populated).cast_signed();
        if !usize::try_from(populated).is_ok_and(|populated| self.exceeds(populated)) {
            return;
        }
        let mut control = match self.control.try_lock() {
            Ok(control) => control,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        self.settle(&mut control);
        while self.exceeds(self.count_populated()) && self.widen(&mut control) {}
    }

    /// Counts the buckets that are not empty. The caller has called `settle`.
    fn count_populated(&self) -> usize {
        self.levels.populated_at(self.schema()).count()
    }

    /// Widens the zero bucket if possible, or else all buckets. Returns whether it did either.
    pub(super) fn widen(&self, control: &mut Control) -> bool {
        let is_wider = self.widen_zero(control) || self.halve_resolution();
        if is_wider {
            self.settle(control);
        }
        is_wider
    }

    /// Sets the zero threshold to the upper bound of the bucket closest to zero.
    fn widen_zero(&self, control: &mut Control) -> bool {
        let current = self.zero_threshold();
        let max = self.options.max_zero_threshold;
        if current >= max {
            return false;
        }
        let schema = self.schema();
        let closest = self.levels.populated_at(schema).map(|(bucket, _)| bucket.index).min();
        let wider = closest
            .map(|index| upper_bound(index, schema))
            .filter(|bound| *bound > current && *bound <= max);
        if let Some(bound) = wider {
            control.widened_threshold = bound;
            store(&self.zero_threshold, bound);
        }
        wider.is_some()
    }

    fn halve_resolution(&self) -> bool {
        let schema = self.schema();
        if schema > COARSEST_SCHEMA {
            self.set_schema(schema - 1);
        }
        schema > COARSEST_SCHEMA
    }

    /// Moves each count to where it belongs: to a bucket of the current schema, or to the zero
    /// bucket.
    ///
    /// After a reset, an observer that has read the old schema or threshold can add to a coarser
    /// bucket, or to the wider zero bucket. Such a count cannot be refined, so the histogram gets
    /// that schema or threshold back.
    pub(super) fn settle(&self, control: &mut Control) {
        if load::<u64>(&self.widened_zero) > 0 && !self.is_zero_widened() {
            store(&self.zero_threshold, control.widened_threshold);
        }
        let schemas = self.levels.populated().map(|(bucket, _)| bucket.schema);
        let schema = schemas.fold(self.schema(), i8::min);
        self.set_schema(schema);
        let zero_threshold = self.zero_threshold();
        let last_in_zero = last_index_within(zero_threshold, schema);
        let populated = self.levels.populated();
        // Inner iteration is several times as fast as a loop.
        populated.filter(|(bucket, _)| bucket.schema >= schema).for_each(|(bucket, counter)| {
            let is_current = bucket.schema == schema;
            let last_in_zero = if is_current {
                last_in_zero
            } else {
                last_index_within(zero_threshold, bucket.schema)
            };
            if bucket.index <= last_in_zero {
                let count = self.take(counter);
                self.zero(zero_threshold).fetch_add(count, Ordering::Relaxed);
            } else if !is_current {
                let count = self.take(counter);
                self.add(bucket.coarsened(schema), count);
            }
        });
    }

    /// Empties a bucket, and returns its count.
    fn take(&self, counter: &AtomicU64) -> u64 {
        let count = counter.swap(0, Ordering::Relaxed);
        if count > 0 {
            self.populated.fetch_sub(1, Ordering::Relaxed);
        }
        count
    }

    /// Copies all counts, except those that were added to old buckets after `settle`. Returns the
    /// number of NaNs.
    pub(super) fn copy(&self, into: &mut NativeScratch) -> u64 {
        let (schema, zero_threshold) = (self.schema(), self.zero_threshold());
        into.clear(schema, zero_threshold);
        into.zero_count = load(&self.zero);
        if self.is_zero_widened() {
            into.zero_count += load::<u64>(&self.widened_zero);
        }
        let nan: u64 = load(&self.nan);
        into.count = into.zero_count + nan;
        let last_in_zero = last_index_within(zero_threshold, schema);
        self.levels.populated_at(schema).for_each(
            |(Bucket { is_negative, index, .. }, counter)| {
                let count: u64 = load(counter);
                into.count += count;
                if index <= last_in_zero {
                    into.zero_count += count;
                } else {
                    into.side(is_negative).counts.push((index, count));
                }
            },
        );
        nan
    }

    /// Discards all observations, and restores the initial schema and zero threshold, if a reset is
    /// due.
    pub(super) fn reset_if_due(&self, now: Instant) {
        let mut control = lock(&self.control);
        if self.is_widened() && self.is_reset_permitted(&control, now) {
            self.reset_at(&mut control, now);
        }
    }

    pub(super) fn reset_at(&self, control: &mut Control, now: Instant) {
        control.last_reset = now;
        self.set_schema(self.options.schema);
        store(&self.zero_threshold, self.options.zero_threshold);
        for (_, counter) in self.levels.populated() {
            self.take(counter);
        }
        let totals = [&self.zero, &self.widened_zero, &self.nan, &self.sum];
        for counter in totals.into_iter().chain(&self.classic) {
            counter.store(0, Ordering::Relaxed);
        }
        self.start.store(StartTimestamp::now().to_bits(), Ordering::Relaxed);
    }
}
