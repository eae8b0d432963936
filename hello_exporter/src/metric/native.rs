//! Native histograms: observations counted in exponential buckets, of which only those with
//! observations exist.
//!
//! An observer waits for no lock of a read. It reads the current schema and zero threshold, and
//! adds one to a counter. If the bucket was empty and there are too many buckets, it also widens
//! them, unless another thread holds the lock. Widening moves counts to the buckets of a coarser
//! schema, or to the zero bucket. An observer that has read the old schema or threshold can add to
//! an old counter afterwards. No count is lost: the next read moves it.

mod bounds;
mod index;
mod levels;
mod options;
mod snapshot;
mod table;
#[cfg(test)]
mod tests;
mod widening;

use std::sync::Mutex;
use std::sync::atomic::AtomicI8;
use std::time::Instant;

use self::levels::{Bucket, Levels};
pub use self::options::NativeBuckets;
pub use self::snapshot::NativeHistogramSnapshot;
use self::widening::Control;
use super::start::StartTimestamp;
use super::word::{load, store};
use crate::encode::{NativeScratch, Reset};
use crate::sync::lock;
use crate::sync::modelled::{AtomicU64, Ordering};

/// The buckets of one series.
#[derive(Debug)]
pub(super) struct NativeHistogram {
    options: NativeBuckets,
    /// The current schema.
    schema: AtomicI8,
    /// The current zero threshold, an `f64`.
    zero_threshold: AtomicU64,
    /// The number of buckets that are not empty. An observer adds to its bucket first, so this can
    /// be a little too low for a moment, even below zero (in two's complement).
    populated: AtomicU64,
    levels: Levels,
    /// Counts values within the initial zero threshold.
    zero: AtomicU64,
    /// Counts values within a wider zero threshold.
    widened_zero: AtomicU64,
    nan: AtomicU64,
    /// The sum of all observations, an `f64`.
    pub(super) sum: AtomicU64,
    /// The counters of the classic buckets, `+Inf` last; none if there are only native ones.
    pub(super) classic: Box<[AtomicU64]>,
    /// A [`StartTimestamp`].
    start: AtomicU64,
    /// The holder of this lock may move counts and reset everything.
    control: Mutex<Control>,
}

/// The layout of a native histogram.
#[derive(Clone, Copy, Debug)]
pub(super) struct NativeLayout {
    pub(super) options: NativeBuckets,
    /// The number of classic buckets, `+Inf` included.
    pub(super) classic: usize,
}

impl NativeLayout {
    pub(super) fn make(self) -> NativeHistogram {
        NativeHistogram::at(self, Instant::now())
    }
}

/// The parts of a native histogram that are not in its buckets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Totals {
    pub(super) sum: f64,
    pub(super) start: StartTimestamp,
}

impl Reset for NativeHistogram {
    fn reset(&self) {
        self.reset_if_due(Instant::now());
    }
}

impl NativeHistogram {
    fn at(NativeLayout { options, classic }: NativeLayout, now: Instant) -> Self {
        Self {
            options,
            schema: AtomicI8::new(options.schema),
            zero_threshold: AtomicU64::new(options.zero_threshold.to_bits()),
            populated: AtomicU64::new(0),
            levels: Levels::new(options.schema),
            zero: AtomicU64::new(0),
            widened_zero: AtomicU64::new(0),
            nan: AtomicU64::new(0),
            sum: AtomicU64::new(0),
            classic: (0..classic).map(|_| AtomicU64::new(0)).collect(),
            start: AtomicU64::new(StartTimestamp::now().to_bits()),
            control: Mutex::new(Control::new(now)),
        }
    }

    /// Counts `value` in its bucket. NaN is counted, but in no bucket. Infinity has the bucket
    /// after the one of `f64::MAX`, and negative infinity likewise.
    #[inline]
    pub(super) fn observe(&self, value: f64) {
        let schema = self.schema();
        let zero_threshold = self.zero_threshold();
        if value.abs() > zero_threshold {
            if self.add(Bucket::of(value, schema), 1) {
                self.limit();
            }
        } else {
            let counter = if value.is_nan() { &self.nan } else { self.zero(zero_threshold) };
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the number of observations, NaN included.
    pub(super) fn count(&self) -> u64 {
        let _control = lock(&self.control);
        let counters = self.levels.populated();
        let outside = [&self.zero, &self.widened_zero, &self.nan];
        counters.map(|(_, counter)| counter).chain(outside).map(load::<u64>).sum()
    }

    /// Reads everything at once: native buckets, whose count is the sum of what was read, and the
    /// counts of classic buckets, which are not cumulative.
    ///
    /// This does not allocate if the buffers have grown already, unless counts move to new buckets.
    pub(super) fn read(&self, into: &mut NativeScratch, classic: &mut Vec<u64>) -> Totals {
        let mut control = lock(&self.control);
        let nan = loop {
            self.settle(&mut control);
            let nan = self.copy(into);
            if !self.exceeds(into.populated()) || !self.widen(&mut control) {
                break nan;
            }
        };
        classic.clear();
        classic.extend(self.classic.iter().map(load::<u64>));
        // After a reset, a late observer can add a NaN to the sum alone, or to the count alone.
        // Prometheus refuses a count that exceeds the buckets unless the sum is NaN.
        let sum = if nan > 0 { f64::NAN } else { load(&self.sum) };
        let totals = Totals { sum, start: StartTimestamp::of(&self.start) };
        drop(control);
        into.finish();
        totals
    }

    /// Returns whether a reset is due: the histogram was widened, and enough time has passed since
    /// the last reset.
    pub(super) fn is_reset_due(&self, now: impl FnOnce() -> Instant) -> bool {
        let can_reset = self.options.has_resets() && self.is_widened();
        can_reset && self.is_reset_permitted(&lock(&self.control), now())
    }

    /// Returns the current schema. A zero threshold that is loaded afterwards is at least as
    /// recent.
    ///
    /// A halved resolution can have a bucket that reaches across the zero threshold. This order
    /// keeps values within the threshold out of it.
    #[inline]
    fn schema(&self) -> i8 {
        self.schema.load(Ordering::Acquire)
    }

    fn set_schema(&self, schema: i8) {
        self.schema.store(schema, Ordering::Release);
    }

    #[inline]
    fn zero_threshold(&self) -> f64 {
        load(&self.zero_threshold)
    }

    /// Returns the counter of the zero bucket for values within a threshold.
    fn zero(&self, threshold: f64) -> &AtomicU64 {
        let is_widened = threshold > self.options.zero_threshold;
        if is_widened { &self.widened_zero } else { &self.zero }
    }

    fn is_zero_widened(&self) -> bool {
        self.zero_threshold() > self.options.zero_threshold
    }

    fn is_widened(&self) -> bool {
        self.is_zero_widened() || self.schema() < self.options.schema
    }

    /// Adds to a bucket, and returns whether it was empty.
    #[inline]
    fn add(&self, bucket: Bucket, count: u64) -> bool {
        let was_empty = self.levels.add(bucket, count) == 0;
        if was_empty {
            self.populated.fetch_add(1, Ordering::Relaxed);
        }
        was_empty
    }
}
