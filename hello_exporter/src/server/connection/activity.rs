//! The activity of a connection, and its time limits.
//!
//! [`Activity`] is a plain value. Its methods get the time as an argument, so that tests need no
//! clock.

mod head;
mod requests;
#[cfg(test)]
mod tests;
mod transfer;

use std::time::Duration;

use tokio::time::Instant;

use super::ConnectionLimits;
use head::Head;
use requests::Requests;
use transfer::Transfer;

/// How long a client may take to close its side of a connection.
pub(super) const DISCONNECT: Duration = Duration::from_secs(1);

/// The activity of a connection: it receives heads, runs requests, and sends responses.
pub(super) struct Activity {
    limits: ConnectionLimits,
    pub(super) is_multiplexed: bool,
    head: Head,
    requests: Requests,
    pub(super) transfer: Transfer,
    closing_since: Option<Instant>,
    /// Whether the exporter ends.
    pub(super) is_draining: bool,
}

/// The next step for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Look again at this time.
    Wait(Instant),
    /// Close it in good order.
    Close(&'static str),
    /// Drop it.
    Cut(&'static str),
}

impl Activity {
    pub(super) fn new(limits: ConnectionLimits, now: Instant) -> Self {
        Self {
            limits,
            is_multiplexed: false,
            head: Head::first(now),
            requests: Requests::default(),
            transfer: Transfer::new(now),
            closing_since: None,
            is_draining: false,
        }
    }

    /// Notes the end of the handshake.
    pub(super) fn end_handshake(&mut self, is_multiplexed: bool, now: Instant) {
        self.is_multiplexed = is_multiplexed;
        self.head = Head::first(now);
    }

    pub(super) fn has_requests(&self) -> bool {
        self.requests.are_active()
    }

    /// Notes bytes from the client. Over HTTP/2 they may belong to no request: pings, window
    /// updates.
    pub(super) fn read(&mut self, bytes: usize, now: Instant) {
        self.requests.receive(bytes);
        if !self.is_multiplexed {
            self.head.receive(now);
        }
    }

    /// Notes bytes that the socket has accepted for the client.
    pub(super) fn wrote(&mut self, bytes: usize, now: Instant) {
        self.transfer.progress(now);
        self.requests.send(bytes);
    }

    /// Begins a request, whose head is complete.
    pub(super) fn begin_request(&mut self) {
        self.requests.begin();
        self.head.complete();
    }

    /// Ends a request.
    pub(super) fn end_request(&mut self, now: Instant) {
        self.requests.end();
        self.head.end_request(now);
    }

    /// Begins to close the connection in good order.
    pub(super) fn close(&mut self, now: Instant) {
        self.closing_since.get_or_insert(now);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing_since.is_some()
    }

    /// Returns the next step for the connection.
    pub(super) fn verdict(&self, now: Instant) -> Verdict {
        if let Some(reason) = self.requests.excess().filter(|_| self.is_multiplexed) {
            return Verdict::Cut(reason);
        }
        let is_unused = !self.has_requests() && !self.transfer.is_stalled();
        if self.is_draining && is_unused && !self.is_closing() {
            return Verdict::Close("the exporter ends");
        }
        let (deadline, verdict) = self.deadline(now);
        if deadline <= now { verdict } else { Verdict::Wait(deadline) }
    }

    /// Returns the first deadline, and what happens then unless the client does something.
    fn deadline(&self, now: Instant) -> (Instant, Verdict) {
        let transfer = self.transfer.deadline(&self.limits);
        let unused = (!self.has_requests()).then(|| self.deadline_without_request());
        let first = [transfer, unused].into_iter().flatten().min_by_key(|(deadline, _)| *deadline);
        // A request that runs has the deadline of its sources; the connection needs none.
        let later = now + self.limits.idle;
        first.unwrap_or((later, Verdict::Wait(later)))
    }

    fn deadline_without_request(&self) -> (Instant, Verdict) {
        match self.closing_since {
            Some(closing) => {
                (self.head.idle_from(closing) + DISCONNECT, Verdict::Cut("it was closed"))
            }
            None => self.head.deadline(&self.limits),
        }
    }
}
