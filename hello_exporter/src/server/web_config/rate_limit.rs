//! Limits requests by token buckets.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::internals::lock;
use crate::server::network::network;

/// The maximum number of hosts that have a bucket of their own.
const MOST_HOSTS: usize = 256;

/// How fast a bucket fills, and how many tokens it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) interval: Duration,
    pub(super) burst: u32,
}

/// Admits requests: from one bucket if their credentials are cached, otherwise from the bucket of
/// their host. So a flood takes no tokens from clients that have logged in, nor from other hosts
/// that have a bucket of their own.
pub(super) struct RateLimiter {
    rate: Rate,
    cached: Mutex<Bucket>,
    hosts: Mutex<HostBuckets>,
}

/// The buckets of hosts. A full bucket is removed when others need its room.
struct HostBuckets {
    buckets: HashMap<IpAddr, Bucket>,
    /// Shared by the hosts that come when there is no room for another bucket.
    others: Bucket,
}

impl RateLimiter {
    pub(super) fn new(rate: Rate) -> Self {
        Self::at(Instant::now(), rate)
    }

    fn at(now: Instant, rate: Rate) -> Self {
        let full = || Bucket::full(rate, now);
        let hosts = HostBuckets { buckets: HashMap::new(), others: full() };
        Self { rate, cached: Mutex::new(full()), hosts: Mutex::new(hosts) }
    }

    /// Admits a request with cached credentials, unless the limit is reached.
    pub(super) fn admit_cached(&self) -> bool {
        lock(&self.cached).take(self.rate, Instant::now())
    }

    /// Admits any other request of `host`, unless the limit is reached.
    pub(super) fn admit(&self, host: Option<IpAddr>) -> bool {
        self.admit_at(Instant::now(), host)
    }

    fn admit_at(&self, now: Instant, host: Option<IpAddr>) -> bool {
        lock(&self.hosts).bucket(self.rate, now, network(host)).take(self.rate, now)
    }
}

impl HostBuckets {
    fn bucket(&mut self, rate: Rate, now: Instant, host: IpAddr) -> &mut Bucket {
        if self.buckets.len() >= MOST_HOSTS && !self.buckets.contains_key(&host) {
            self.buckets.retain(|_, bucket| !bucket.is_full(rate, now));
            if self.buckets.len() >= MOST_HOSTS {
                return &mut self.others;
            }
        }
        self.buckets.entry(host).or_insert_with(|| Bucket::full(rate, now))
    }
}

/// A token bucket: full at first, one token more after every interval, one less with every request.
#[derive(Debug)]
struct Bucket {
    tokens: u32,
    /// The time up to which tokens have been added.
    counted_to: Instant,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { tokens: rate.burst, counted_to: now }
    }

    /// Takes a token; returns whether there was one.
    fn take(&mut self, rate: Rate, now: Instant) -> bool {
        self.refill(rate, now);
        let has_token = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        has_token
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
    fn bucket_admits_a_burst_and_then_one_request_per_interval() {
        let start = Instant::now();
        let mut bucket = Bucket::full(rate(3), start);
        let mut taken =
            |milliseconds| bucket.take(rate(3), start + Duration::from_millis(milliseconds));
        assert_eq!([0, 0, 0, 0, 999].map(&mut taken), [true, true, true, false, false]);
        assert_eq!([1000, 1001, 1999].map(&mut taken), [true, false, false]);
        // An interval begins at the end of the one before, not with the request.
        assert_eq!([2001, 2002, 3000].map(taken), [true, false, true]);
    }

    #[test]
    fn bucket_holds_no_more_than_a_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::full(rate(2), start);
        let later = start + SECOND * 1000;
        let taken = [later; 4].map(|now| bucket.take(rate(2), now));
        assert_eq!(taken, [true, true, false, false]);
        assert!(bucket.take(rate(2), later + SECOND));
    }

    #[test]
    fn each_host_has_a_bucket_and_their_number_is_bounded() {
        let start = Instant::now();
        let limiter = RateLimiter::at(start, rate(2));
        let taken = |number, now| limiter.admit_at(now, host(number));
        assert_eq!([0; 3].map(|number| taken(number, start)), [true, true, false]);
        let hosts = 1..MOST_HOSTS as u16;
        assert!(hosts.clone().all(|number| taken(number, start)));
        // Further hosts share one bucket.
        assert_eq!([1000, 1001, 1002].map(|number| taken(number, start)), [true, true, false]);
        // Hosts keep their buckets until these are full.
        assert_eq!([1; 2].map(|number| taken(number, start)), [true, false]);
        let later = start + SECOND;
        assert_eq!([0; 2].map(|number| taken(number, later)), [true, false]);
        assert_eq!([1003; 3].map(|number| taken(number, later)), [true, true, false]);
        // Hosts 0 and 1, whose buckets are not full, and host 1003.
        assert_eq!(lock(&limiter.hosts).buckets.len(), 3);
    }
}
