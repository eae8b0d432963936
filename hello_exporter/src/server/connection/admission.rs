//! Admits connections, and evicts others for them.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::handle::ConnectionHandle;
use super::slots::{PATIENCE, Phase, Slots};
use crate::internals::lock;

/// How often a connection that waits for a slot tries again.
const RETRY: Duration = Duration::from_millis(25);

/// Responses closer together than this count as one transfer.
const PAUSE: Duration = Duration::from_millis(100);

/// The slots for the connections of all listeners.
pub(super) struct Admission(Mutex<Slots<ConnectionHandle>>);

/// A connection's slot. Another connection can evict it while it has no request, or once its client
/// has been receiving responses for too long.
pub(super) struct ConnectionSlot {
    admission: Arc<Admission>,
    number: u64,
    /// When the last transfer of responses began, and when it ended.
    last_transfer: Cell<Option<(Instant, Instant)>>,
}

impl Admission {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Slots::new(most))))
    }

    /// Waits for a slot, for up to [`PATIENCE`].
    pub(super) async fn admit(
        self: &Arc<Self>,
        connection: &ConnectionHandle,
    ) -> Option<ConnectionSlot> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.try_admit(connection) {
                None if Instant::now() < deadline => sleep(RETRY).await,
                slot => return slot,
            }
        }
    }

    /// Returns a free slot, or one that it evicts; `None` if no slot can be evicted.
    fn try_admit(self: &Arc<Self>, connection: &ConnectionHandle) -> Option<ConnectionSlot> {
        let mut slots = lock(&self.0);
        let now = Instant::now();
        if slots.is_full() {
            evict(&mut slots, now)?;
        }
        let number = slots.insert(connection.clone(), now);
        Some(ConnectionSlot { admission: Arc::clone(self), number, last_transfer: Cell::new(None) })
    }
}

/// Evicts the connection that has been idle longest, or the one whose client has been receiving
/// responses longest, if that is overdue: whichever began earlier.
fn evict(slots: &mut Slots<ConnectionHandle>, now: Instant) -> Option<()> {
    let candidates = [slots.longest_waiting(), slots.overdue(now)];
    let (_, number) = candidates.into_iter().flatten().min_by_key(|(since, _)| *since)?;
    let slot = slots.remove(number)?;
    match slot.phase {
        Phase::Sending(_) => slot.holder.cut(),
        _ => slot.holder.close(),
    }
    Some(())
}

impl ConnectionSlot {
    /// Notes that a request is under way. The slot of a waiting connection becomes busy.
    pub(super) fn begin_request(&self) {
        self.change(|phase| match phase {
            Phase::Waiting(_) => Phase::Busy,
            _ => phase,
        });
    }

    /// Notes that the client receives a response.
    pub(super) fn begin_response(&self) {
        let now = Instant::now();
        let is_same = |(_, end): &(Instant, Instant)| now.duration_since(*end) < PAUSE;
        let since = self.last_transfer.get().filter(is_same).map_or(now, |(begin, _)| begin);
        self.change(|phase| match phase {
            Phase::Sending(_) => phase,
            _ => Phase::Sending(since),
        });
    }

    /// Notes that no request is under way any more.
    pub(super) fn end_requests(&self) {
        self.change(|phase| {
            let now = Instant::now();
            if let Phase::Sending(since) = phase {
                self.last_transfer.set(Some((since, now)));
            }
            Phase::Waiting(now)
        });
    }

    /// Gives the slot back, unless it was evicted.
    pub(super) fn leave(&self) {
        lock(&self.admission.0).remove(self.number);
    }

    fn change(&self, next: impl FnOnce(Phase) -> Phase) {
        if let Some(slot) = lock(&self.admission.0).get_mut(self.number) {
            slot.phase = next(slot.phase);
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.leave();
    }
}
