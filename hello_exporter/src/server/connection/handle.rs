//! Handles that close a connection from another task or thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// A handle of a connection, for any thread. [`Exporter`](crate::Exporter) has one for each
/// connection; other servers have none.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionHandle(Arc<HandleState>);

#[derive(Debug, Default)]
struct HandleState {
    must_close: AtomicBool,
    must_be_cut: AtomicBool,
    is_half_closed: AtomicBool,
    changed: Notify,
}

impl ConnectionHandle {
    /// Closes the connection once it has no request under way.
    pub(crate) fn close(&self) {
        self.0.must_close.store(true, Ordering::Release);
        self.wake();
    }

    /// Closes the connection at once, even during a request.
    pub(crate) fn cut(&self) {
        self.0.must_be_cut.store(true, Ordering::Release);
        self.close();
    }

    /// Notes that the client has ended its side of the connection. It may still wait for responses.
    pub(crate) fn note_half_close(&self) {
        self.0.is_half_closed.store(true, Ordering::Release);
    }

    /// Returns whether the client has ended its side of the connection.
    pub(crate) fn is_half_closed(&self) -> bool {
        self.0.is_half_closed.load(Ordering::Acquire)
    }

    /// Wakes the connection's supervisor.
    pub(crate) fn wake(&self) {
        self.0.changed.notify_one();
    }

    pub(crate) fn must_close(&self) -> bool {
        self.0.must_close.load(Ordering::Acquire)
    }

    pub(crate) fn must_be_cut(&self) -> bool {
        self.0.must_be_cut.load(Ordering::Acquire)
    }

    /// Resolves after the next [`wake`](Self::wake), or at once if an earlier one had no waiter.
    pub(crate) fn woken(&self) -> Notified<'_> {
        self.0.changed.notified()
    }
}
