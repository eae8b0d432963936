//! A clock that a test controls.

use std::marker::PhantomData;
use std::time::Duration;

use crate::clock;

/// Pauses the clock of `expire_after` on the current thread until it is dropped.
///
/// Families that are encoded on this thread, or in which it creates series, see the time of this
/// clock; other threads see the real time. So a test must make its expositions on its own thread.
/// Nested clocks must be dropped in reverse order.
///
/// The age of a series counts from the first exposition after its update, so make an exposition
/// between the update and [`advance`](Self::advance). Otherwise the series does not expire.
///
/// ```
/// use hello_exporter::GaugeVec;
/// use hello_exporter::testing::{PausedClock, value_of};
/// use std::time::Duration;
///
/// # #[derive(hello_exporter::Collector)]
/// # struct Peers {
/// #     /// Lag.
/// #     #[metric(labels = ["peer"], expire_after = "10m")]
/// #     lag_blocks: GaugeVec<1>,
/// # }
/// # let peers = Peers::new();
/// let clock = PausedClock::new();
/// peers.lag_blocks.with(["north"]).set(2.0);
/// assert_eq!(value_of(&peers, "lag_blocks", &[("peer", "north")]), Some(2.0));
/// clock.advance(Duration::from_secs(600));
/// assert_eq!(value_of(&peers, "lag_blocks", &[("peer", "north")]), None);
/// ```
#[must_use = "the clock runs on when this is dropped"]
#[derive(Debug)]
pub struct PausedClock {
    before: Option<u64>,
    /// A clock belongs to its thread.
    not_send: PhantomData<*const ()>,
}

impl PausedClock {
    /// Pauses the clock at the current time.
    #[expect(clippy::new_without_default, reason = "a clock that nobody keeps runs on")]
    pub fn new() -> Self {
        let before = clock::paused();
        clock::pause(Some(clock::milliseconds()));
        Self { before, not_send: PhantomData }
    }

    /// Lets time pass, in whole milliseconds.
    pub fn advance(&self, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        clock::pause(Some(clock::milliseconds().saturating_add(milliseconds)));
    }
}

impl Drop for PausedClock {
    fn drop(&mut self) {
        clock::pause(self.before);
    }
}
