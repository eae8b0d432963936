//! Who is at the other end of a connection: what it does, its place, and the requests that it has under way.

use std::cell::{Cell, OnceCell, RefCell};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::ConnectionLimits;
use super::activity::{Activity, Verdict};
use super::closer::Closer;
use super::table::Place;

/// A client, as its worker's thread knows it.
pub(super) struct Client {
    address: Option<SocketAddr>,
    closer: Closer,
    /// From when it is admitted.
    place: OnceCell<Place>,
    activity: RefCell<Activity>,
    /// Whether it has still to agree on how to speak.
    is_agreeing: Cell<bool>,
    is_cut: Cell<bool>,
    has_left: Cell<bool>,
    left: Notify,
}

impl Client {
    pub(super) fn new(address: Option<SocketAddr>, limits: ConnectionLimits) -> Self {
        let activity = RefCell::new(Activity::new(limits, Instant::now()));
        let (closer, place, is_agreeing, is_cut, has_left, left) = Default::default();
        Self { address, closer, place, activity, is_agreeing, is_cut, has_left, left }
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    pub(super) fn closer(&self) -> &Closer {
        &self.closer
    }

    /// It has a place from now on.
    pub(super) fn take(&self, place: Place) {
        // There is one, and it is given once.
        let _ = self.place.set(place);
    }

    /// A handshake begins.
    pub(super) fn begin_agreeing(&self) {
        self.is_agreeing.set(true);
    }

    /// The connection can be used now.
    pub(super) fn agree(&self, is_multiplexed: bool) {
        self.is_agreeing.set(false);
        self.activity.borrow_mut().agree(is_multiplexed, Instant::now());
    }

    pub(super) fn read(&self, bytes: usize) {
        self.activity.borrow_mut().read(bytes, Instant::now());
    }

    pub(super) fn wrote(&self, bytes: usize) {
        self.activity.borrow_mut().wrote(bytes, Instant::now());
    }

    pub(super) fn write_blocked(&self) {
        self.activity.borrow_mut().write_blocked(Instant::now());
    }

    pub(super) fn flushed(&self, is_done: bool) {
        let mut activity = self.activity.borrow_mut();
        match is_done {
            true => activity.flushed(),
            false => activity.flush_blocked(Instant::now()),
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        let activity = self.activity.borrow();
        // There is no answer to a handshake that a client could wait for.
        let is_given_up = self.is_agreeing.get() && self.closer().is_to_close();
        if is_given_up || self.closer().is_to_be_cut() {
            return Verdict::Cut("others wait for its place");
        }
        if self.closer().is_to_close() && !activity.has_requests() && !activity.is_closing() {
            return Verdict::Close("others wait for its place");
        }
        activity.verdict(Instant::now())
    }

    /// Ends the connection as if its client had: what reads from it comes to an end.
    pub(super) fn close(&self) {
        self.activity.borrow_mut().close(Instant::now());
    }

    pub(super) fn is_closing(&self) -> bool {
        self.activity.borrow().is_closing()
    }

    /// The exporter ends.
    pub(super) fn drain(&self) {
        self.activity.borrow_mut().drain();
    }

    pub(super) fn is_draining(&self) -> bool {
        self.activity.borrow().is_draining()
    }

    /// Nobody waits for what the client has not taken.
    pub(super) fn cut(&self) {
        self.is_cut.set(true);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.get()
    }

    /// Ends the handlers that are still at work: the connection is over.
    pub(super) fn leave(&self) {
        self.has_left.set(true);
        self.left.notify_waiters();
        if let Some(place) = self.place.get() {
            place.leave();
        }
    }
}

/// A request that is under way, until this is dropped.
pub(super) struct Exchange {
    client: Rc<Client>,
    answer: Option<u64>,
}

impl Exchange {
    pub(super) fn begin(client: &Rc<Client>) -> Self {
        client.activity.borrow_mut().begin_request();
        if let Some(place) = client.place.get() {
            place.answers();
        }
        Self { client: Rc::clone(client), answer: None }
    }

    /// Runs the handler of the request until the connection is over, and returns `None` then. Over
    /// HTTP/2 a handler has a task of its own, which would go on.
    pub(super) async fn run<T>(&self, handler: impl Future<Output = T>) -> Option<T> {
        let (mut handler, mut left) = (pin!(handler), pin!(self.client.left.notified()));
        poll_fn(|context| {
            if left.as_mut().poll(context).is_ready() || self.client.has_left.get() {
                return Poll::Ready(None);
            }
            handler.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// There is an answer: from here on it is up to the client.
    pub(super) fn answered(mut self) -> Self {
        self.answer = Some(self.client.activity.borrow_mut().begin_answer(Instant::now()));
        if let Some(place) = self.client.place.get() {
            place.delivers();
        }
        self
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut activity = self.client.activity.borrow_mut();
        if let Some(answer) = self.answer {
            activity.end_answer(answer);
        }
        activity.end_request(Instant::now());
        if let Some(place) = self.client.place.get().filter(|_| !activity.has_requests()) {
            place.waits();
        }
        // Over HTTP/2 requests have tasks of their own.
        if activity.is_multiplexed() {
            self.client.closer().wake();
        }
    }
}
