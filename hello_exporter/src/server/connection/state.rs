//! The state of a connection, which its parts share on the thread of its worker.

use std::cell::{Cell, OnceCell, RefCell};
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
    client: Option<SocketAddr>,
    handle: ConnectionHandle,
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

    /// Returns the address of the client. Over a Unix socket it has none.
    pub(super) fn client(&self) -> Option<SocketAddr> {
        self.client
    }

    pub(super) fn handle(&self) -> &ConnectionHandle {
        &self.handle
    }

    /// Keeps the slot that the connection has got. It gets one once.
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
        self.activity.borrow_mut().end_handshake(is_multiplexed, Instant::now());
    }

    /// Notes bytes from the client.
    pub(super) fn read(&self, bytes: usize) {
        self.activity.borrow_mut().read(bytes, Instant::now());
    }

    /// Notes bytes for which the client has room.
    pub(super) fn wrote(&self, bytes: usize) {
        self.activity.borrow_mut().wrote(bytes, Instant::now());
    }

    /// Notes that a write waits for the client.
    pub(super) fn write_stalled(&self) {
        self.activity.borrow_mut().write_stalled(Instant::now());
    }

    /// Notes that a flush is done, or waits for the client.
    pub(super) fn flushed(&self, is_done: bool) {
        let mut activity = self.activity.borrow_mut();
        if is_done {
            activity.flushed();
        } else {
            activity.flush_stalled(Instant::now());
        }
    }

    /// Begins a request.
    pub(super) fn begin_request(&self) {
        self.activity.borrow_mut().begin_request();
        if let Some(slot) = self.slot.get() {
            slot.begin_request();
        }
    }

    /// Begins to send a response. Returns its number, for [`end_request`](Self::end_request).
    pub(super) fn begin_response(&self) -> u64 {
        let number = self.activity.borrow_mut().begin_response(Instant::now());
        if let Some(slot) = self.slot.get() {
            slot.begin_response();
        }
        number
    }

    /// Ends a request, and its response if there is one.
    pub(super) fn end_request(&self, response: Option<u64>) {
        let mut activity = self.activity.borrow_mut();
        if let Some(response) = response {
            activity.end_response(response);
        }
        activity.end_request(Instant::now());
        if let Some(slot) = self.slot.get().filter(|_| !activity.has_requests()) {
            slot.end_requests();
        }
        // Over HTTP/2 requests have tasks of their own, which do not wake the supervisor.
        if activity.is_multiplexed() {
            self.handle.wake();
        }
    }

    /// Returns the next step for the connection.
    pub(super) fn verdict(&self) -> Verdict {
        let activity = self.activity.borrow();
        let must_close = self.handle.must_close();
        // A client in a handshake waits for no response.
        if self.handle.must_be_cut() || must_close && self.is_in_handshake.get() {
            return Verdict::Cut("others wait for its place");
        }
        if must_close && !activity.has_requests() && !activity.is_closing() {
            return Verdict::Close("others wait for its place");
        }
        activity.verdict(Instant::now())
    }

    /// Closes the connection as if its client had: its socket reads no more bytes.
    pub(super) fn close(&self) {
        self.activity.borrow_mut().close(Instant::now());
    }

    pub(super) fn is_closing(&self) -> bool {
        self.activity.borrow().is_closing()
    }

    /// Notes that the exporter ends.
    pub(super) fn drain(&self) {
        self.activity.borrow_mut().drain();
    }

    pub(super) fn is_draining(&self) -> bool {
        self.activity.borrow().is_draining()
    }

    /// Has the socket drop what the client has not received.
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
