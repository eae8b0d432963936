//! Counts the requests of a connection, and the bytes between them.

/// Most concurrent requests of one connection. HTTP/2 clients rely on a hundred. h2 limits neither
/// these, nor the handlers of requests that the client has reset.
const REQUESTS: usize = 100;

/// Most unsolicited bytes over HTTP/2: bytes that arrive between requests, minus the bytes that
/// are sent to the client after them. Window updates are in proportion to what is sent, and nothing
/// else needs as much. h2 would accept 16 MiB of headers.
pub(super) const UNSOLICITED: usize = 64 << 10;

/// Counters of a client's requests and bytes.
#[derive(Default)]
pub(super) struct Requests {
    active: usize,
    /// Requests that arrived since the client last received something.
    since_progress: usize,
    unsolicited_bytes: usize,
}

impl Requests {
    /// Counts bytes from the client.
    pub(super) fn receive(&mut self, bytes: usize) {
        self.unsolicited_bytes = self.unsolicited_bytes.saturating_add(bytes);
    }

    /// Counts bytes to the client.
    pub(super) fn send(&mut self, bytes: usize) {
        self.since_progress = 0;
        self.unsolicited_bytes = self.unsolicited_bytes.saturating_sub(bytes);
    }

    /// Counts a request. The bytes before it were its head, and no longer count as unsolicited.
    pub(super) fn begin(&mut self) {
        self.active += 1;
        self.since_progress += 1;
        self.unsolicited_bytes = 0;
    }

    /// Ends a request.
    pub(super) fn end(&mut self) {
        self.active = self.active.saturating_sub(1);
    }

    /// Returns whether a request is under way.
    pub(super) fn are_active(&self) -> bool {
        self.active > 0
    }

    /// Returns which limit of HTTP/2 the client exceeds, if any.
    pub(super) fn excess(&self) -> Option<&'static str> {
        if self.active > REQUESTS || self.since_progress > REQUESTS {
            Some("too many requests at once")
        } else if self.unsolicited_bytes > UNSOLICITED {
            Some("too many bytes between requests")
        } else {
            None
        }
    }
}
