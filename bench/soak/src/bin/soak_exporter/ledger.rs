//! The progress that the threads of the exporter publish.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hello_exporter::Collector;

/// The number of writers.
pub const WRITERS: usize = 2;

/// The number of updates of one metric by one writer, published before and after each update.
#[derive(Default)]
pub struct Updates {
    begun: AtomicU64,
    done: AtomicU64,
}

impl Updates {
    /// Runs the next update.
    pub fn run(&self, update: impl FnOnce()) {
        let number = self.done() + 1;
        self.begun.store(number, Ordering::Release);
        update();
        self.done.store(number, Ordering::Release);
    }

    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Acquire)
    }

    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Acquire)
    }
}

/// The progress of a writer. No number decreases.
#[derive(Default)]
pub struct Progress {
    /// All updates.
    pub updates: AtomicU64,
    /// Increments of `contested_total`.
    pub contested_total: Updates,
    /// Observations in `contested_size`.
    pub contested_size: Updates,
    /// Series of `sessions_total` that the writer has created.
    pub sessions: AtomicU64,
}

/// The progress of all threads.
#[derive(Default)]
pub struct Ledger {
    pub writers: [Progress; WRITERS],
    removals: AtomicU64,
    lost: AtomicU64,
    exact: AtomicU64,
    unproven: AtomicU64,
    is_over: AtomicBool,
}

/// The metrics of the run.
#[derive(Collector)]
#[collector(namespace = "soak_run")]
pub struct Run {
    /// Updates of all writers.
    #[metric(counter)]
    updates_total: u64,

    /// Removals of a series by `remove`, `retain` or `clear`.
    #[metric(counter)]
    removals_total: u64,

    /// Contested removals whose number of removed updates is known exactly.
    #[metric(counter)]
    exact_removals_total: u64,

    /// Series that have expired.
    #[metric(counter)]
    expirations_total: u64,

    /// Updates that a series has lost, or has counted twice.
    #[metric(counter)]
    lost_total: u64,

    /// Series that may have expired early, because their writer was suspended for too long.
    #[metric(counter)]
    unproven_total: u64,

    /// Bytes in use on the heap.
    heap_bytes: usize,
}

impl Ledger {
    pub fn stop(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    pub fn count_removal(&self) {
        self.removals.fetch_add(1, Ordering::Relaxed);
    }

    pub fn count_exact(&self) {
        self.exact.fetch_add(1, Ordering::Relaxed);
    }

    pub fn count_unproven(&self) {
        self.unproven.fetch_add(1, Ordering::Relaxed);
    }

    /// Checks that `value` is in `least..=most`. Otherwise, adds the difference to the lost
    /// updates, even if updates were counted twice.
    pub fn check(&self, series: &str, value: u64, least: u64, most: u64) {
        let wrong = least.saturating_sub(value) + value.saturating_sub(most);
        if wrong > 0 {
            eprintln!("{series} is {value}, expected {least} to {most}");
            self.lost.fetch_add(wrong, Ordering::Relaxed);
        }
    }

    /// Returns the metrics of the run. `sessions` series have not expired yet.
    pub fn run(&self, sessions: usize, heap_bytes: usize) -> Run {
        let sum = |number: fn(&Progress) -> &AtomicU64| {
            let numbers = self.writers.iter().map(|writer| number(writer).load(Ordering::Relaxed));
            numbers.sum::<u64>()
        };
        Run {
            updates_total: sum(|writer| &writer.updates),
            removals_total: self.removals.load(Ordering::Relaxed),
            exact_removals_total: self.exact.load(Ordering::Relaxed),
            expirations_total: sum(|writer| &writer.sessions).saturating_sub(sessions as u64),
            lost_total: self.lost.load(Ordering::Relaxed),
            unproven_total: self.unproven.load(Ordering::Relaxed),
            heap_bytes,
        }
    }
}
