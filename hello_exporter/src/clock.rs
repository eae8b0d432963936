//! The clock of expiry, which tests can pause.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::Instant;

thread_local! {
    /// The time of this thread's paused clock.
    static PAUSED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Returns the milliseconds since the first call. They start at 1, because zero stands for a series
/// that was just updated. On a thread with a paused clock, returns the time of that clock.
pub(crate) fn milliseconds() -> u64 {
    paused().unwrap_or_else(running)
}

/// Returns the time of this thread's paused clock.
pub(crate) fn paused() -> Option<u64> {
    PAUSED.try_with(Cell::get).ok().flatten()
}

/// Pauses the clock of this thread at `time`. `None` lets it run again.
pub(crate) fn pause(time: Option<u64>) {
    let _ = PAUSED.try_with(|paused| paused.set(time));
}

fn running() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();

    let elapsed = START.get_or_init(Instant::now).elapsed();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}
