//! How a connection is closed from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// Closes a connection, from any thread. [`Exporter`](crate::Exporter) has one for each; in another server there
/// are none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closer(Arc<Asked>);

#[derive(Debug, Default)]
struct Asked {
    close: AtomicBool,
    cut: AtomicBool,
    ended: AtomicBool,
    changed: Notify,
}

impl Closer {
    /// Closes the connection once it has no request under way.
    pub(crate) fn close(&self) {
        self.0.close.store(true, Ordering::Release);
        self.wake();
    }

    /// Closes the connection, whatever it is doing.
    pub(crate) fn cut(&self) {
        self.0.cut.store(true, Ordering::Release);
        self.wake();
    }

    /// Notes that the client has ended its side of the connection. It may still wait for responses.
    pub(crate) fn note_end(&self) {
        self.0.ended.store(true, Ordering::Release);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.0.ended.load(Ordering::Acquire)
    }

    /// Has whoever looks after the connection look again.
    pub(crate) fn wake(&self) {
        self.0.changed.notify_one();
    }

    pub(crate) fn is_to_close(&self) -> bool {
        self.0.close.load(Ordering::Acquire)
    }

    pub(crate) fn is_to_be_cut(&self) -> bool {
        self.0.cut.load(Ordering::Acquire)
    }

    /// Resolves when there is something to look at.
    pub(crate) fn woken(&self) -> Notified<'_> {
        self.0.changed.notified()
    }
}
