//! Limits concurrent requests, and counts their responses.

mod queue;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::plain;
use crate::internals::lock;
use crate::metric::CounterVec;
use crate::server::connection::slots::PATIENCE;
pub(super) use queue::Requester;
use queue::{Grant, RequestQueue, RequestSlot, Wait};

/// A limit on the requests in flight that make the exporter work: scrapes, or probes of one path. A
/// request is in flight until the connection has taken the whole response, which takes memory until
/// then.
///
/// No host keeps all slots while others want one: a host may hold all of them, but loses them one
/// by one to hosts that hold at least two fewer. Any request can take the slot of a request that
/// waits for sources or for its target, and whose client has ended its side of the connection.
pub(crate) struct Limit {
    /// Zero is no limit.
    most: usize,
    metrics: Arc<HandlerMetrics>,
    queue: Mutex<RequestQueue>,
}

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
        Self { most, metrics: Arc::new(metrics), queue: Mutex::new(RequestQueue::new(most)) }
    }

    /// Returns the collector that counts the requests.
    pub(crate) fn metrics(&self) -> Arc<HandlerMetrics> {
        Arc::clone(&self.metrics)
    }

    /// Waits for a slot, or returns the response that refuses the request. A request waits only
    /// while a slot is about to become free, and never past its own deadline.
    pub(super) async fn enter(
        self: &Arc<Self>,
        requester: Requester,
        deadline: Option<Instant>,
    ) -> Result<Permit, HttpResponse> {
        if self.most == 0 {
            return Ok(Permit::new(self, None));
        }
        let now = Instant::now();
        let free = self.queue().take_free(&requester, now);
        if free.is_some() {
            return Ok(Permit::new(self, free));
        }
        let patience = now + PATIENCE;
        let patience = deadline.map_or(patience, |deadline| deadline.min(patience));
        let (granted, mut permit) = oneshot::channel();
        let number = self.queue().wait(requester, granted);
        let queued = Queued { limit: self, number };
        loop {
            queued.limit.grant();
            let wait = self.queue().wait_of(number, patience);
            let next = match wait {
                Wait::Granted => return permit.await.map_err(|_| self.refusal()),
                Wait::Until(next) if Instant::now() < patience => next,
                Wait::Until(_) | Wait::Refused => return Err(self.refusal()),
            };
            if let Ok(Ok(permit)) = timeout_at(next, &mut permit).await {
                return Ok(permit);
            }
        }
    }

    /// Gives slots to the requests that wait, if there are slots for them.
    fn grant(self: &Arc<Self>) {
        let grants = self.queue().grant(Instant::now());
        for Grant { slot, to } in grants {
            // A cancelled request gives its slot back.
            let _ = to.send(Permit::new(self, Some(slot)));
        }
    }

    fn queue(&self) -> MutexGuard<'_, RequestQueue> {
        lock(&self.queue)
    }

    /// Counts a response.
    pub(super) fn count_response(&self, status: StatusCode) {
        self.metrics.requests_total.with([status.as_str()]).inc();
    }

    /// Counts an error.
    pub(super) fn count_error(&self, cause: Cause) {
        self.metrics.errors_total.with([cause.as_str()]).inc();
    }

    /// Returns the response to a request without a slot, in the words of client_golang.
    fn refusal(&self) -> HttpResponse {
        let most = self.most;
        let text = format!("Limit of concurrent requests reached ({most}), try again later.");
        plain(StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

/// An entry of the queue, removed when this is dropped.
struct Queued<'a> {
    limit: &'a Arc<Limit>,
    number: u64,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.limit.queue().leave(self.number);
    }
}

/// The slot of a request in flight, freed when this is dropped.
pub(super) struct Permit {
    limit: Arc<Limit>,
    /// `None` if there is no limit.
    slot: Option<RequestSlot>,
}

impl Permit {
    fn new(limit: &Arc<Limit>, slot: Option<RequestSlot>) -> Self {
        limit.metrics.requests_in_flight.fetch_add(1, Ordering::Relaxed);
        Self { limit: Arc::clone(limit), slot }
    }

    /// Returns the limit that gave the permit.
    pub(super) fn limit(&self) -> &Arc<Limit> {
        &self.limit
    }

    /// Runs `work`, for which the request waits before its response is encoded. If the request is
    /// evicted meanwhile, drops `work` and returns the response that refuses the request.
    pub(super) async fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, HttpResponse> {
        let Some(slot) = &self.slot else { return Ok(work.await) };
        let (mut work, mut evicted) = (pin!(work), pin!(slot.evicted.notified()));
        let done = poll_fn(|context| match evicted.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => work.as_mut().poll(context).map(Some),
        });
        let done = done.await.filter(|_| self.limit.queue().encode(slot.number));
        done.ok_or_else(|| self.limit.refusal())
    }

    /// Notes that the response is ready. From now on, the time depends on the client.
    pub(super) fn deliver(&self) {
        if let Some(slot) = &self.slot {
            self.limit.queue().send(slot.number, Instant::now());
            self.limit.grant();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.limit.metrics.requests_in_flight.fetch_sub(1, Ordering::Relaxed);
        if let Some(slot) = &self.slot {
            self.limit.queue().release(slot.number);
            self.limit.grant();
        }
    }
}
