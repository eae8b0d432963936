//! How many requests are answered at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::HttpResponse;

use super::PLAIN_TEXT;

/// A bound on the requests in flight that make the exporter work: scrapes and probes.
#[derive(Debug, Default)]
pub(crate) struct Limit {
    /// Zero is no limit.
    most: usize,
    in_flight: AtomicUsize,
}

/// A place among the requests in flight, free again when this is dropped.
#[derive(Debug)]
pub(super) struct Permit(Arc<Limit>);

impl Limit {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, in_flight: AtomicUsize::new(0) }
    }

    /// A place, or the answer where none is free.
    pub(super) fn enter(self: &Arc<Self>) -> Result<Permit, HttpResponse> {
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let permit = Permit(Arc::clone(self));
        match self.most != 0 && before >= self.most {
            true => Err(self.refusal()),
            false => Ok(permit),
        }
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
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
