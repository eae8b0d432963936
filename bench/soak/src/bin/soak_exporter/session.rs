//! Series that expire, and series that must not expire because they are updated.

use std::time::{Duration, Instant};

use hello_exporter::CounterVec;

use crate::ledger::Ledger;
use crate::metrics::EXPIRE_AFTER;

/// The time between two sessions of a writer. The rate is fixed, so the number of series, and with
/// it the heap, does not depend on the speed of the machine.
const PERIOD: Duration = Duration::from_millis(10);

/// The number of increments of a session.
pub const INCREMENTS: u64 = 10;

/// Starts the sessions of a writer.
pub struct Sessions {
    writer: usize,
    started: u64,
    next: Instant,
}

impl Sessions {
    pub fn new(writer: usize) -> Self {
        Self { writer, started: 0, next: Instant::now() }
    }

    /// Returns the number of sessions so far.
    pub fn started(&self) -> u64 {
        self.started
    }

    /// Starts a session if one is due: creates its series, increments it, and checks its value.
    pub fn start_if_due(&mut self, family: &CounterVec<2>, ledger: &Ledger) {
        let start = Instant::now();
        if start < self.next {
            return;
        }
        self.next = start + PERIOD;
        let writer = self.writer as u64;
        let series = family.with([writer, self.started]).pin();
        self.started += 1;
        for _ in 0..INCREMENTS {
            series.inc();
        }
        let value = series.get();
        if start.elapsed() < EXPIRE_AFTER {
            ledger.check("a session", value, INCREMENTS, INCREMENTS);
        } else {
            ledger.count_unproven();
        }
    }
}

/// Increments a series so often that it does not expire.
pub struct Steady<'m> {
    family: &'m CounterVec<1>,
    writer: usize,
    count: u64,
    /// A time before the last increment.
    last: Instant,
}

impl<'m> Steady<'m> {
    pub fn new(family: &'m CounterVec<1>, writer: usize) -> Self {
        Self { family, writer, count: 0, last: Instant::now() }
    }

    /// Increments the series, and checks its value. If this thread was suspended for so long that
    /// the series may have expired, counting restarts from its value.
    pub fn increment(&mut self, ledger: &Ledger) {
        let start = Instant::now();
        let series = self.family.with([self.writer]);
        series.inc();
        self.count += 1;
        let value = series.get();
        if self.last.elapsed() < EXPIRE_AFTER {
            ledger.check("a series that does not expire", value, self.count, self.count);
        } else {
            ledger.count_unproven();
            self.count = value;
        }
        self.last = start;
    }
}
