//! The state of a connection, which its parts share on the thread of its worker.

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::net::SocketAddr;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use super::ConnectionLimits;
use super::activity::{Activity, Verdict};
use super::admission::ConnectionSlot;
use super::handle::ConnectionHandle;

/// The state of a connection.
pub(super) struct Connection {
    /// The address of the client. Over a Unix socket it has none.
    pub(super) client: Option<SocketAddr>,
    pub(super) handle: ConnectionHandle,
    /// Set when the connection is admitted.
    slot: OnceCell<ConnectionSlot>,
    activity: RefCell<Activity>,
    is_in_handshake: Cell<bool>,
    is_cut: Cell<bool>,
    is_over: Cell<bool>,
    over: Notify,
}

impl Connection {
    pub(super) fn new(client: Option<SocketAddr>, limits: ConnectionLimits) -> Self {
        Self {
            client,
            handle: ConnectionHandle::default(),
            slot: OnceCell::new(),
            activity: RefCell::new(Activity::new(limits, Instant::now())),
            is_in_handshake: Cell::new(false),
            is_cut: Cell::new(false),
            is_over: Cell::new(false),
            over: Notify::new(),
        }
    }

    /// Borrows the activity of the connection. Panics if it is borrowed already.
    pub(super) fn activity(&self) -> RefMut<'_, Activity> {
        self.activity.borrow_mut()
    }

    /// Keeps the slot that the connection was given. It gets a slot only once.
    pub(super) fn set_slot(&self, slot: ConnectionSlot) {
        let _ = self.slot.set(slot);
    }

    /// Begins a TLS handshake.
    pub(super) fn begin_handshake(&self) {
        self.is_in_handshake.set(true);
    }

    /// Ends a TLS handshake: requests can be received.
    pub(super) fn end_handshake(&self, is_multiplexed: bool) {
        self.is_in_handshake.set(false);
        self.activity().end_handshake(is_multiplexed, Instant::now());
    }

    /// Begins a request.
    pub(super) fn begin_request(&self) {
        self.activity().begin_request();
        if let Some(slot) = self.slot.get() {
            slot.begin_request();
        }
    }

    /// Begins to send a response. Returns its number, for [`end_request`](Self::end_request).
    pub(super) fn begin_response(&self) -> u64 {
        let number = self.activity().transfer.begin_response(Instant::now());
        if let Some(slot) = self.slot.get() {
            slot.begin_response();
        }
        number
    }

    /// Ends a request, and its response if there is one.
    pub(super) fn end_request(&self, response: Option<u64>) {
        let mut activity = self.activity();
        if let Some(response) = response {
            activity.transfer.end_response(response);
        }
        activity.end_request(Instant::now());
        if let Some(slot) = self.slot.get().filter(|_| !activity.has_requests()) {
            slot.end_requests();
        }
        // Over HTTP/2 requests have tasks of their own, which do not wake the supervisor.
        if activity.is_multiplexed {
            self.handle.wake();
        }
    }

    /// Returns the next step for the connection.
    pub(super) fn verdict(&self) -> Verdict {
        let activity = self.activity();
        let must_close = self.handle.must_close();
        // A client in a handshake waits for no response.
        if self.handle.must_be_cut() || must_close && self.is_in_handshake.get() {
            return Verdict::Cut("others wait for its slot");
        }
        if must_close && !activity.has_requests() && !activity.is_closing() {
            return Verdict::Close("others wait for its slot");
        }
        activity.verdict(Instant::now())
    }

    /// Makes the socket drop the bytes that the client has not received.
    pub(super) fn cut(&self) {
        self.is_cut.set(true);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.get()
    }

    /// Ends the connection: cancels its requests, and gives its slot back.
    pub(super) fn end(&self) {
        self.is_over.set(true);
        self.over.notify_waiters();
        if let Some(slot) = self.slot.get() {
            slot.leave();
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// Resolves when the connection [ends](Self::end) after this call.
    pub(super) fn over(&self) -> Notified<'_> {
        self.over.notified()
    }
}
