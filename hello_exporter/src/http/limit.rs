//! How many requests are answered at once, and how they were answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::{Closer, plain};
use crate::metric::CounterVec;

/// A bound on the requests in flight that make the exporter work: scrapes, or probes of one path. They are in
/// flight until the client has taken the answer: that is how long it takes memory.
pub(crate) struct Limit {
    /// Zero is no limit.
    most: usize,
    metrics: Arc<HandlerMetrics>,
    deliveries: Mutex<Deliveries>,
    freed: Notify,
}

/// Answers that clients are taking, of connections that can be closed for others, in the order in which they began.
#[derive(Default)]
struct Deliveries {
    begun: BTreeMap<u64, (Instant, Closer)>,
    next: u64,
}

/// How long a request waits for a place that a client is about to leave.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How long a client may take its answer while others wait. Who reads takes milliseconds.
const DELIVERY: Duration = Duration::from_secs(1);

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

/// A place among the requests in flight, free again when this is dropped.
pub(super) struct Permit {
    limit: Arc<Limit>,
    delivery: Option<u64>,
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
        Self {
            most,
            metrics: Arc::new(metrics),
            deliveries: Mutex::default(),
            freed: Notify::new(),
        }
    }

    /// What to register, so that the requests are exposed.
    pub(crate) fn metrics(&self) -> Arc<HandlerMetrics> {
        Arc::clone(&self.metrics)
    }

    /// A place, or the answer where none is free. While there are clients who are taking their answers one comes
    /// free soon, or is made so: who takes too long makes room. No request waits past its own deadline.
    pub(super) async fn enter(
        self: &Arc<Self>,
        deadline: Option<Instant>,
    ) -> Result<Permit, HttpResponse> {
        let patience = Instant::now() + PATIENCE;
        let deadline = deadline.map_or(patience, |deadline| deadline.min(patience));
        loop {
            let freed = self.freed.notified();
            if let Some(permit) = self.free_place() {
                return Ok(permit);
            }
            let Some(begun) = self.longest_delivery().filter(|_| Instant::now() < deadline) else {
                return Err(self.refusal());
            };
            let _ = timeout_at(deadline.min(begun + DELIVERY), freed).await;
        }
    }

    fn longest_delivery(&self) -> Option<Instant> {
        self.deliveries().begun.values().next().map(|(begun, _)| *begun)
    }

    fn free_place(self: &Arc<Self>) -> Option<Permit> {
        let one_more = |before| (self.most == 0 || before < self.most).then_some(before + 1);
        let in_flight = &self.metrics.requests_in_flight;
        if in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            if !self.make_room() {
                return None;
            }
            in_flight.fetch_add(1, Ordering::Relaxed);
        }
        Some(Permit { limit: Arc::clone(self), delivery: None })
    }

    /// Whether the longest delivery has taken too long, and is over.
    fn make_room(&self) -> bool {
        let mut deliveries = self.deliveries();
        let Some(longest) = deliveries.begun.first_entry() else { return false };
        if longest.get().0.elapsed() < DELIVERY {
            return false;
        }
        let (_, closer) = longest.remove();
        closer.cut();
        true
    }

    fn deliveries(&self) -> MutexGuard<'_, Deliveries> {
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an answer.
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

impl Permit {
    /// Returns the limit that the permit is of.
    pub(super) fn limit(&self) -> &Arc<Limit> {
        &self.limit
    }

    /// The answer is ready: how long it takes from here on is up to the client, whose connection this closes.
    pub(super) fn deliver(&mut self, closer: Option<&Closer>) {
        let Some(closer) = closer else { return };
        let mut deliveries = self.limit.deliveries();
        let delivery = deliveries.next;
        deliveries.next += 1;
        deliveries.begun.insert(delivery, (Instant::now(), closer.clone()));
        self.delivery = Some(delivery);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(delivery) = self.delivery {
            self.limit.deliveries().begun.remove(&delivery);
        }
        self.limit.metrics.requests_in_flight.fetch_sub(1, Ordering::Relaxed);
        self.limit.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock stands still unless everything waits for it.
    fn run(test: impl Future<Output = ()>) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(test);
    }

    async fn status(limit: &Arc<Limit>) -> Option<u16> {
        limit.enter(None).await.err().map(|refusal| refusal.status().as_u16())
    }

    #[test]
    fn a_place_is_taken_until_the_answer_is() {
        run(async {
            let limit = Arc::new(Limit::new(1));
            let permit = limit.enter(None).await.ok();
            let begun = Instant::now();
            assert_eq!(status(&limit).await, Some(503));
            assert_eq!(begun.elapsed(), Duration::ZERO, "nobody is about to leave");
            drop(permit);
            assert_eq!(status(&limit).await, None);
            let unlimited = Arc::new(Limit::new(0));
            let _permits = (unlimited.enter(None).await.ok(), unlimited.enter(None).await.ok());
            assert_eq!(unlimited.metrics.requests_in_flight.load(Ordering::Relaxed), 2);
        });
    }

    #[test]
    fn who_takes_an_answer_slowly_makes_room() {
        run(async {
            let limit = Arc::new(Limit::new(2));
            let closers = [Closer::default(), Closer::default()];
            let mut permits = Vec::new();
            for closer in &closers {
                let mut permit = limit.enter(None).await.ok().unwrap();
                permit.deliver(Some(closer));
                permits.push(permit);
                tokio::time::advance(Duration::from_millis(400)).await;
            }
            let are_cut = || closers.each_ref().map(Closer::is_to_be_cut);
            let begun = Instant::now();
            let third = limit.enter(None).await.ok();
            assert!(third.is_some());
            assert_eq!((are_cut(), begun.elapsed()), ([true, false], Duration::from_millis(200)));
            let fourth = limit.enter(None).await.ok();
            assert!(fourth.is_some());
            assert_eq!((are_cut(), begun.elapsed()), ([true, true], Duration::from_millis(600)));
            drop((permits, third, fourth));
            assert_eq!(limit.metrics.requests_in_flight.load(Ordering::Relaxed), 0);
            assert!(limit.deliveries().begun.is_empty());
        });
    }

    #[test]
    fn a_place_that_is_given_back_in_time_costs_nobody_a_connection() {
        run(async {
            let limit = Arc::new(Limit::new(1));
            let closer = Closer::default();
            let mut permit = limit.enter(None).await.ok().unwrap();
            permit.deliver(Some(&closer));
            let delivery = async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                drop(permit);
            };
            let waiting = tokio::spawn({
                let limit = Arc::clone(&limit);
                async move { limit.enter(None).await.is_ok() }
            });
            let begun = Instant::now();
            delivery.await;
            assert!(waiting.await.unwrap());
            assert_eq!(begun.elapsed(), Duration::from_millis(10));
            assert!(!closer.is_to_be_cut());
        });
    }
}
