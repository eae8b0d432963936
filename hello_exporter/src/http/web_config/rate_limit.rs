//! How many requests there may be.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A token bucket: full at first, one token more after every interval, one less with every request.
#[derive(Debug)]
pub(super) struct Bucket {
    interval: Duration,
    burst: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    tokens: u32,
    /// Up to when intervals have been turned into tokens.
    counted_to: Instant,
}

impl Bucket {
    pub(super) fn new(interval: Duration, burst: u32) -> Self {
        Self::at(Instant::now(), interval, burst)
    }

    fn at(now: Instant, interval: Duration, burst: u32) -> Self {
        Self { interval, burst, state: Mutex::new(State { tokens: burst, counted_to: now }) }
    }

    /// Takes a token, if there is one.
    pub(super) fn take(&self) -> bool {
        self.take_at(Instant::now())
    }

    fn take_at(&self, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.refill(&mut state, now);
        let is_there = state.tokens > 0;
        state.tokens = state.tokens.saturating_sub(1);
        is_there
    }

    fn refill(&self, state: &mut State, now: Instant) {
        let elapsed = now.saturating_duration_since(state.counted_to);
        let intervals = elapsed.as_nanos() / self.interval.as_nanos().max(1);
        let missing = self.burst.saturating_sub(state.tokens);
        match u32::try_from(intervals) {
            Ok(intervals) if intervals < missing => {
                state.tokens += intervals;
                state.counted_to += self.interval * intervals;
            }
            _ => *state = State { tokens: self.burst, counted_to: now },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_is_let_through_and_then_one_request_per_interval() {
        let start = Instant::now();
        let bucket = Bucket::at(start, SECOND, 3);
        let taken = |milliseconds| bucket.take_at(start + Duration::from_millis(milliseconds));
        assert_eq!([0, 0, 0, 0, 999].map(taken), [true, true, true, false, false]);
        assert_eq!([1000, 1001, 1999].map(taken), [true, false, false]);
        // The interval begins where the one before has ended, not with the request.
        assert_eq!([2001, 2002, 3000].map(taken), [true, false, true]);
    }

    #[test]
    fn what_is_saved_up_is_no_more_than_a_burst() {
        let start = Instant::now();
        let bucket = Bucket::at(start, SECOND, 2);
        let later = start + SECOND * 1000;
        let taken = [later; 4].map(|now| bucket.take_at(now));
        assert_eq!(taken, [true, true, false, false]);
        assert!(bucket.take_at(later + SECOND));
    }
}
