//! How many requests there may be.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::server::network::network;

/// Hosts that have a bucket of their own.
const HOSTS: usize = 256;

/// How fast a bucket fills, and what it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) interval: Duration,
    pub(super) burst: u32,
}

/// What holds requests against the rate limit, once for those whose credentials were right before, and once
/// for every other host: a flood takes nothing from those who are known, nor from another host.
pub(super) struct Limits {
    rate: Rate,
    remembered: Mutex<Bucket>,
    strangers: Mutex<Strangers>,
}

/// The buckets of hosts. One that nobody has taken from for long is full, and as good as none.
struct Strangers {
    hosts: HashMap<IpAddr, Bucket>,
    /// Of all who come when there is no room for another bucket.
    others: Bucket,
}

impl Limits {
    pub(super) fn new(rate: Rate) -> Self {
        Self::at(Instant::now(), rate)
    }

    fn at(now: Instant, rate: Rate) -> Self {
        let full = || Bucket::full(rate, now);
        let strangers = Strangers { hosts: HashMap::new(), others: full() };
        Self { rate, remembered: Mutex::new(full()), strangers: Mutex::new(strangers) }
    }

    /// Lets a request through whose credentials were right before, if there is room for one more.
    pub(super) fn take_remembered(&self) -> bool {
        let mut bucket = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(self.rate, Instant::now())
    }

    /// Lets any other request of a host through, if there is room for one more.
    pub(super) fn take(&self, host: Option<IpAddr>) -> bool {
        self.take_at(Instant::now(), host)
    }

    fn take_at(&self, now: Instant, host: Option<IpAddr>) -> bool {
        let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        strangers.bucket(self.rate, now, network(host)).take(self.rate, now)
    }
}

impl Strangers {
    fn bucket(&mut self, rate: Rate, now: Instant, host: IpAddr) -> &mut Bucket {
        if self.hosts.len() >= HOSTS && !self.hosts.contains_key(&host) {
            self.hosts.retain(|_, bucket| !bucket.is_full(rate, now));
            if self.hosts.len() >= HOSTS {
                return &mut self.others;
            }
        }
        self.hosts.entry(host).or_insert_with(|| Bucket::full(rate, now))
    }
}

/// A token bucket: full at first, one token more after every interval, one less with every request.
#[derive(Debug)]
struct Bucket {
    tokens: u32,
    /// Up to when intervals have been turned into tokens.
    counted_to: Instant,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { tokens: rate.burst, counted_to: now }
    }

    /// Takes a token, if there is one.
    fn take(&mut self, rate: Rate, now: Instant) -> bool {
        self.refill(rate, now);
        let is_there = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        is_there
    }

    fn is_full(&mut self, rate: Rate, now: Instant) -> bool {
        self.refill(rate, now);
        self.tokens >= rate.burst
    }

    fn refill(&mut self, rate: Rate, now: Instant) {
        let elapsed = now.saturating_duration_since(self.counted_to);
        let intervals = elapsed.as_nanos() / rate.interval.as_nanos().max(1);
        let missing = rate.burst.saturating_sub(self.tokens);
        match u32::try_from(intervals) {
            Ok(intervals) if intervals < missing => {
                self.tokens += intervals;
                self.counted_to += rate.interval * intervals;
            }
            _ => *self = Self::full(rate, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn rate(burst: u32) -> Rate {
        Rate { interval: SECOND, burst }
    }

    fn host(number: u16) -> Option<IpAddr> {
        let [high, low] = number.to_be_bytes();
        Some(IpAddr::from([127, 0, high, low]))
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_request_per_interval() {
        let start = Instant::now();
        let mut bucket = Bucket::full(rate(3), start);
        let mut taken =
            |milliseconds| bucket.take(rate(3), start + Duration::from_millis(milliseconds));
        assert_eq!([0, 0, 0, 0, 999].map(&mut taken), [true, true, true, false, false]);
        assert_eq!([1000, 1001, 1999].map(&mut taken), [true, false, false]);
        // The interval begins where the one before has ended, not with the request.
        assert_eq!([2001, 2002, 3000].map(taken), [true, false, true]);
    }

    #[test]
    fn what_is_saved_up_is_no_more_than_a_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::full(rate(2), start);
        let later = start + SECOND * 1000;
        let taken = [later; 4].map(|now| bucket.take(rate(2), now));
        assert_eq!(taken, [true, true, false, false]);
        assert!(bucket.take(rate(2), later + SECOND));
    }

    #[test]
    fn one_host_takes_nothing_from_another_and_the_memory_of_hosts_is_bounded() {
        let start = Instant::now();
        let limits = Limits::at(start, rate(2));
        let taken = |number, now| limits.take_at(now, host(number));
        assert_eq!([0; 3].map(|number| taken(number, start)), [true, true, false]);
        let hosts = 1..HOSTS as u16;
        assert!(hosts.clone().all(|number| taken(number, start)));
        // Who comes then shares what is left.
        assert_eq!([1000, 1001, 1002].map(|number| taken(number, start)), [true, true, false]);
        // Hosts that have a bucket keep it, as long as it is not full.
        assert_eq!([1; 2].map(|number| taken(number, start)), [true, false]);
        let later = start + SECOND;
        assert_eq!([0; 2].map(|number| taken(number, later)), [true, false]);
        assert_eq!([1003; 3].map(|number| taken(number, later)), [true, true, false]);
        // Those who took again since, and the one that came.
        assert_eq!(limits.strangers.lock().unwrap().hosts.len(), 3);
    }
}
