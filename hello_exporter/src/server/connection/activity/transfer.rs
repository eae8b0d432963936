//! Sending responses to a client.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::{ConnectionLimits, Verdict};

/// The responses that are sent to a client, and its last progress.
pub(in super::super) struct Transfer {
    /// When each response began to be sent.
    responses: BTreeMap<u64, Instant>,
    next_response: u64,
    is_write_stalled: bool,
    is_flush_stalled: bool,
    /// When the client last received something, or when something became ready to be sent to it.
    last_progress: Instant,
}

impl Transfer {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            responses: BTreeMap::new(),
            next_response: 0,
            is_write_stalled: false,
            is_flush_stalled: false,
            last_progress: now,
        }
    }

    /// Notes that the client accepts bytes.
    pub(super) fn progress(&mut self, now: Instant) {
        self.is_write_stalled = false;
        self.last_progress = now;
    }

    /// Notes that a write waits for the client.
    pub(in super::super) fn write_stalled(&mut self, now: Instant) {
        self.start_timer(now);
        self.is_write_stalled = true;
    }

    /// Notes that a flush is done, or waits for the client.
    pub(in super::super) fn flush(&mut self, is_done: bool, now: Instant) {
        if !is_done {
            self.start_timer(now);
        }
        self.is_flush_stalled = !is_done;
    }

    /// Begins to send a response. Returns its number, for [`end_response`](Self::end_response).
    pub(in super::super) fn begin_response(&mut self, now: Instant) -> u64 {
        self.start_timer(now);
        let number = self.next_response;
        self.next_response += 1;
        self.responses.insert(number, now);
        number
    }

    /// Ends a response.
    pub(in super::super) fn end_response(&mut self, number: u64) {
        self.responses.remove(&number);
    }

    /// Returns whether a write or a flush waits for the client.
    pub(super) fn is_stalled(&self) -> bool {
        self.is_write_stalled || self.is_flush_stalled
    }

    /// Starts the stall timer unless it is running.
    fn start_timer(&mut self, now: Instant) {
        if !self.is_under_way() {
            self.last_progress = now;
        }
    }

    fn is_under_way(&self) -> bool {
        self.is_stalled() || !self.responses.is_empty()
    }

    /// Returns when to drop a client that receives nothing, or receives a response too slowly.
    pub(super) fn deadline(&self, limits: &ConnectionLimits) -> Option<(Instant, Verdict)> {
        let stall = self.last_progress + limits.stall;
        let stall = (stall, Verdict::Cut("the client reads nothing"));
        let slow = |since: &Instant| {
            (*since + limits.answer, Verdict::Cut("a response is read too slowly"))
        };
        let oldest = self.responses.values().next().map(slow);
        let stall = self.is_under_way().then_some(stall);
        [stall, oldest].into_iter().flatten().min_by_key(|(deadline, _)| *deadline)
    }
}
