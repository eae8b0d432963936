//! How many requests are answered at once, and how they were answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::PLAIN_TEXT;
use crate::metric::CounterVec;

/// A bound on the requests in flight that make the exporter work: scrapes, or probes of one path.
pub(crate) struct Limit {
    /// Zero is no limit.
    most: usize,
    metrics: Arc<HandlerMetrics>,
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
}

/// A place among the requests in flight, free again when this is dropped.
pub(super) struct Permit(Arc<HandlerMetrics>);

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
        Self { most, metrics: Arc::new(metrics) }
    }

    /// What to register, so that the requests are exposed.
    pub(crate) fn metrics(&self) -> Arc<HandlerMetrics> {
        Arc::clone(&self.metrics)
    }

    /// A place, or the answer where none is free.
    pub(super) fn enter(&self) -> Result<Permit, HttpResponse> {
        let one_more = |before| (self.most == 0 || before < self.most).then_some(before + 1);
        let in_flight = &self.metrics.requests_in_flight;
        match in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Ok(Permit(Arc::clone(&self.metrics))),
            Err(_) => Err(self.refusal()),
        }
    }

    /// Counts an answer.
    pub(super) fn answered(&self, status: StatusCode) {
        self.metrics.requests_total.with([status.as_str()]).inc();
    }

    /// In the words of client_golang.
    fn refusal(&self) -> HttpResponse {
        let most = self.most;
        HttpResponse::ServiceUnavailable()
            .content_type(PLAIN_TEXT)
            .body(format!("Limit of concurrent requests reached ({most}), try again later.\n"))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.requests_in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
