//! What the threads of the exporter publish about their work.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hello_exporter::Collector;

/// The number of writers.
pub const WRITERS: usize = 2;

/// The updates of one metric by one writer, published before and after each.
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

/// What a writer publishes. Each number only grows.
#[derive(Default)]
pub struct Progress {
    /// All its updates.
    pub updates: AtomicU64,
    /// Its increments of `contested_total`.
    pub contested_total: Updates,
    /// Its observations in `contested_size`.
    pub contested_size: Updates,
    /// The series of `sessions_total` that it has created.
    pub sessions: AtomicU64,
}

/// What all threads publish.
#[derive(Default)]
pub struct Ledger {
    pub writers: [Progress; WRITERS],
    removals: AtomicU64,
    lost: AtomicU64,
    exact: AtomicU64,
    unproven: AtomicU64,
    is_over: AtomicBool,
}

/// The run as the exporter exposes it.
#[derive(Collector)]
#[collector(namespace = "soak_run")]
pub struct Run {
    /// Updates of all writers.
    #[metric(counter)]
    updates_total: u64,

    /// Series that were removed, and families that were cleared.
    #[metric(counter)]
    removals_total: u64,

    /// Contested removals of which the exact number of removed updates is known.
    #[metric(counter)]
    exact_removals_total: u64,

    /// Series that have expired.
    #[metric(counter)]
    expirations_total: u64,

    /// Updates that a series should have and does not, or has twice.
    #[metric(counter)]
    lost_total: u64,

    /// Series that could have expired early, because their writer did not run for too long.
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

    /// Counts an error if `value` is not in `least..=most`. The difference is the number of lost
    /// updates, or of those that were counted twice.
    pub fn check(&self, series: &str, value: u64, least: u64, most: u64) {
        let wrong = least.saturating_sub(value) + value.saturating_sub(most);
        if wrong > 0 {
            eprintln!("{series} is {value}, expected {least} to {most}");
            self.lost.fetch_add(wrong, Ordering::Relaxed);
        }
    }

    /// Returns the run so far. There are `sessions` series that have not expired.
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
