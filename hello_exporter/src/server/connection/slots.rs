//! Slots, from which idle and slow clients are evicted.
//!
//! The exporter has slots for connections, and each path has `--web.max-requests` slots for
//! requests in flight. Both use [`Slots`], which records since when a slot's holder waits or sends.
//! The rules that pick the slot to evict are in `admission` and in `http/limit/queue`.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// How long a client may take to receive responses while others wait for its slot. A client that
/// keeps reading takes milliseconds.
pub(crate) const DELIVERY: Duration = Duration::from_secs(1);

/// How long a connection or a request waits for a slot.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1500);

/// The activity of a slot's holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It has been waiting since then: a connection for a request, a request for its sources or its
    /// target.
    Waiting(Instant),
    /// It works, and its slot cannot be evicted: a connection has requests under way, or a thread
    /// encodes the response of a request.
    Busy,
    /// Its client has been receiving responses since then.
    Sending(Instant),
}

/// Up to `most` slots, each with a holder of type `H`.
///
/// Each slot has a number that is never used again. An evicted slot is removed at once, so that its
/// number is unknown from then on.
pub(crate) struct Slots<H> {
    most: usize,
    slots: BTreeMap<u64, Slot<H>>,
    next: u64,
}

pub(crate) struct Slot<H> {
    pub(crate) holder: H,
    pub(crate) phase: Phase,
}

impl<H> Slots<H> {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, slots: BTreeMap::new(), next: 0 }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.slots.len() >= self.most
    }

    /// Gives a slot to `holder`, which waits from now on. Returns the slot's number.
    pub(crate) fn insert(&mut self, holder: H, now: Instant) -> u64 {
        self.next += 1;
        self.slots.insert(self.next, Slot { holder, phase: Phase::Waiting(now) });
        self.next
    }

    /// Removes a slot; `None` if it was removed or evicted before.
    pub(crate) fn remove(&mut self, number: u64) -> Option<Slot<H>> {
        self.slots.remove(&number)
    }

    /// Returns a slot; `None` if it was removed or evicted.
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Slot<H>> {
        self.slots.get_mut(&number)
    }

    /// Returns the slots with their numbers, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Slot<H>)> {
        self.slots.iter().map(|(number, slot)| (*number, slot))
    }

    /// Returns the slot whose holder has been waiting longest: since when, and the slot's number.
    pub(crate) fn longest_waiting(&self) -> Option<(Instant, u64)> {
        self.longest(|phase| match phase {
            Phase::Waiting(since) => Some(since),
            _ => None,
        })
    }

    /// Returns the slot whose client has been receiving longest: since when, and the slot's number.
    pub(crate) fn longest_sending(&self) -> Option<(Instant, u64)> {
        self.longest(|phase| match phase {
            Phase::Sending(since) => Some(since),
            _ => None,
        })
    }

    /// Returns [`longest_sending`](Self::longest_sending) if it has lasted for [`DELIVERY`].
    pub(crate) fn overdue(&self, now: Instant) -> Option<(Instant, u64)> {
        let is_overdue = |since| now.saturating_duration_since(since) >= DELIVERY;
        self.longest_sending().filter(|(since, _)| is_overdue(*since))
    }

    fn longest(&self, since: impl Fn(Phase) -> Option<Instant>) -> Option<(Instant, u64)> {
        let moments = self.iter().filter_map(|(number, slot)| Some((since(slot.phase)?, number)));
        moments.min()
    }
}
