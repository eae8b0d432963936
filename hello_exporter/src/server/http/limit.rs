//! How many requests are answered at once, and how they were answered.

mod slots;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};

use super::plain;
use crate::metric::CounterVec;
pub(super) use slots::Requester;
use slots::{Grant, Slots};

/// A bound on the requests in flight that make the exporter work: scrapes, or probes of one path.
/// They are in flight until the client has taken the response: that is how long it takes memory.
///
/// No host holds all slots while others want one: a host may hold as many as there are, and gives
/// them up one by one to hosts that hold at least two fewer. A request whose client has ended its
/// side of the connection keeps its slot only until another request wants it.
pub(crate) struct Limit {
    /// Zero is no limit.
    most: usize,
    metrics: Arc<HandlerMetrics>,
    slots: Mutex<Slots>,
}

/// How long a request waits for a slot that is about to be free.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Requests as client_golang's promhttp counts them.
#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate, namespace = "promhttp", subsystem = "metric_handler")]
pub(crate) struct HandlerMetrics {
    /// Current number of scrapes being served.
    requests_in_flight: AtomicUsize,

    /// Total number of scrapes by HTTP status code.
    #[metric(labels = ["code"])]
    requests_total: CounterVec<1>,

    /// Total number of internal errors encountered by the promhttp metric handler.
    #[metric(labels = ["cause"])]
    errors_total: CounterVec<1>,
}

/// The part of a scrape that failed, as client_golang names it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause {
    /// The exposition was not encoded, or not compressed.
    Encoding,
    /// A collector failed, or was late.
    Gathering,
}

impl Cause {
    const ALL: [Self; 2] = [Self::Encoding, Self::Gathering];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::Gathering => "gathering",
        }
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Limit {
    pub(crate) fn new(most: usize) -> Self {
        let metrics = HandlerMetrics::new();
        for code in ["200", "500", "503"] {
            metrics.requests_total.with([code]).init();
        }
        for cause in Cause::ALL {
            metrics.errors_total.with([cause.as_str()]).init();
        }
        Self { most, metrics: Arc::new(metrics), slots: Mutex::new(Slots::new(most)) }
    }

    /// What to register, so that the requests are exposed.
    pub(crate) fn metrics(&self) -> Arc<HandlerMetrics> {
        Arc::clone(&self.metrics)
    }

    /// Waits for a slot, or returns the response of a request that gets none. A request waits while
    /// slots are about to be free, and never past its own deadline.
    pub(super) async fn enter(
        self: &Arc<Self>,
        requester: Requester,
        deadline: Option<Instant>,
    ) -> Result<Permit, HttpResponse> {
        if self.most == 0 {
            return Ok(Permit::new(self, None));
        }
        let patience = Instant::now() + PATIENCE;
        let patience = deadline.map_or(patience, |deadline| deadline.min(patience));
        let (granted, mut permit) = oneshot::channel();
        let number = self.slots().wait(requester, granted);
        let queue = InQueue { limit: self, number };
        loop {
            queue.limit.grant();
            if let Ok(permit) = permit.try_recv() {
                return Ok(permit);
            }
            let next = self.slots().next_free(patience);
            let Some(next) = next.filter(|_| Instant::now() < patience) else {
                return Err(self.refusal());
            };
            if let Ok(Ok(permit)) = timeout_at(next, &mut permit).await {
                return Ok(permit);
            }
        }
    }

    /// Gives slots to the requests that wait, as far as there are any.
    fn grant(self: &Arc<Self>) {
        let grants = self.slots().grant(Instant::now());
        for Grant { number, evicted, to } in grants {
            // A request that is gone gives its slot back.
            let _ = to.send(Permit::new(self, Some(Held { number, evicted })));
        }
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a response.
    pub(super) fn answered(&self, status: StatusCode) {
        self.metrics.requests_total.with([status.as_str()]).inc();
    }

    /// Counts an error.
    pub(super) fn failed(&self, cause: Cause) {
        self.metrics.errors_total.with([cause.as_str()]).inc();
    }

    /// In the words of client_golang.
    fn refusal(&self) -> HttpResponse {
        let most = self.most;
        let text = format!("Limit of concurrent requests reached ({most}), try again later.");
        plain(StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

/// A request that waits for a slot, until this is dropped.
struct InQueue<'a> {
    limit: &'a Arc<Limit>,
    number: u64,
}

impl Drop for InQueue<'_> {
    fn drop(&mut self) {
        self.limit.slots().leave(self.number);
    }
}

/// A slot of a request in flight, free again when this is dropped.
pub(super) struct Permit {
    limit: Arc<Limit>,
    /// Absent where there is no limit.
    slot: Option<Held>,
}

struct Held {
    number: u64,
    evicted: Arc<Notify>,
}

impl Permit {
    fn new(limit: &Arc<Limit>, slot: Option<Held>) -> Self {
        limit.metrics.requests_in_flight.fetch_add(1, Ordering::Relaxed);
        Self { limit: Arc::clone(limit), slot }
    }

    /// Returns the limit that the permit is of.
    pub(super) fn limit(&self) -> &Arc<Limit> {
        &self.limit
    }

    /// Runs what the request waits for, before its response is encoded. Returns the response of a
    /// request whose slot another one gets meanwhile; `work` is then dropped.
    pub(super) async fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, HttpResponse> {
        let Some(slot) = &self.slot else { return Ok(work.await) };
        let (mut work, mut evicted) = (pin!(work), pin!(slot.evicted.notified()));
        let done = poll_fn(|context| match evicted.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => work.as_mut().poll(context).map(Some),
        });
        let done = done.await.filter(|_| self.limit.slots().encode(slot.number));
        done.ok_or_else(|| self.limit.refusal())
    }

    /// Notes that the response is ready: how long it takes from here on is up to the client.
    pub(super) fn deliver(&self) {
        if let Some(slot) = &self.slot {
            self.limit.slots().send(slot.number, Instant::now());
            self.limit.grant();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.limit.metrics.requests_in_flight.fetch_sub(1, Ordering::Relaxed);
        if let Some(slot) = &self.slot {
            self.limit.slots().remove(slot.number);
            self.limit.grant();
        }
    }
}
