//! Waiting for the head of the next request.

use tokio::time::Instant;

use super::{ConnectionLimits, Verdict};

/// Records since when a connection waits for a request, and since when it receives the request's
/// head.
pub(super) struct Head {
    /// When the last request ended, or the handshake.
    idle_since: Instant,
    /// When the first byte after the last head arrived. The head of the first request counts from
    /// the end of the handshake.
    begun: Option<Instant>,
}

impl Head {
    /// Starts to receive the first head of a connection.
    pub(super) fn first(now: Instant) -> Self {
        Self { idle_since: now, begun: Some(now) }
    }

    /// Notes bytes after the last head: of the body of its request, or of the next head.
    pub(super) fn receive(&mut self, now: Instant) {
        self.begun.get_or_insert(now);
    }

    /// Notes that the head is complete.
    pub(super) fn complete(&mut self) {
        self.begun = None;
    }

    /// Notes the end of a request.
    pub(super) fn end_request(&mut self, now: Instant) {
        self.idle_since = now;
    }

    /// Returns `moment`, or the end of the last request if that is later.
    pub(super) fn idle_from(&self, moment: Instant) -> Instant {
        moment.max(self.idle_since)
    }

    /// Returns when to close a connection that has no request.
    pub(super) fn deadline(&self, limits: &ConnectionLimits) -> (Instant, Verdict) {
        match self.begun {
            Some(begun) => {
                let deadline = self.idle_from(begun) + limits.head;
                (deadline, Verdict::Close("a request is sent too slowly"))
            }
            None => (self.idle_since + limits.idle, Verdict::Close("it was idle")),
        }
    }
}
