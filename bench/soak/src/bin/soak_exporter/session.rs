//! Series that expire.

use std::time::{Duration, Instant};

use hello_exporter::CounterVec;

use crate::ledger::Ledger;
use crate::metrics::EXPIRE_AFTER;

/// How often a writer starts a session. So their number depends on the time only, and the heap does
/// not grow if the machine becomes faster.
const PERIOD: Duration = Duration::from_millis(10);

/// The increments of a session.
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

    /// Starts a session if it is time for one: creates its series, increments and checks it.
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

/// Increments a series all the time, so that it does not expire.
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

    /// Increments the series, and checks that it has all increments. If this thread did not run for
    /// so long that the series could expire, counting starts again.
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
