//! The metrics endpoint.

use std::sync::Arc;

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::{HttpRequest, HttpResponse};

use super::exposition::{Expositions, bad_request, query};
use super::limit::{Cause, Requester};
use super::{Deadline, Limit, resource};
use crate::registry::Registry;
use crate::server::source::{Selection, Sources};

/// Serves a [`Registry`] at a path, in the [`Format`](crate::Format) that the request prefers,
/// compressed with gzip or zstd if the client accepts one of them. No `Compress` middleware is
/// needed; if there is one, it does not compress the response again.
///
/// The query parameter `name[]`, which can be repeated, selects families by name. `collect[]` and
/// `exclude[]` select the [sources](crate::source) of an [`Exporter`](crate::Exporter). A registry
/// without an exporter has no sources, so the response to a request with one of these two is 400.
///
/// ```no_run
/// use actix_web::{App, HttpServer};
/// use hello_exporter::{Registry, http::Metrics};
///
/// # #[actix_web::main]
/// # async fn main() -> std::io::Result<()> {
/// let registry = Registry::new();
/// HttpServer::new(move || App::new().service(Metrics::new(registry.clone())))
///     .bind(("127.0.0.1", 8080))?
///     .run()
///     .await
/// # }
/// ```
#[derive(Clone)]
pub struct Metrics {
    sources: Arc<Sources>,
    path: String,
    deadline: Deadline,
    limit: Arc<Limit>,
    expositions: Expositions,
}

impl Metrics {
    /// Serves `registry` at `/metrics`.
    pub fn new(registry: Registry) -> Self {
        Self::of_sources(Arc::new(Sources::new(registry)))
    }

    /// Serves these sources and their registry at `/metrics`.
    pub(crate) fn of_sources(sources: Arc<Sources>) -> Self {
        Self {
            sources,
            path: "/metrics".to_owned(),
            deadline: Deadline::default(),
            limit: Arc::default(),
            expositions: Expositions::default(),
        }
    }

    /// Serves the metrics at another path.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets whether OpenMetrics has samples `_created`, see
    /// [`Encoding::created_samples`](crate::registry::Encoding::created_samples). By default it has
    /// none.
    #[must_use]
    pub fn created_samples(mut self, created_samples: bool) -> Self {
        self.expositions = self.expositions.created_samples(created_samples);
        self
    }

    /// Sets how long scrapes wait for sources.
    pub(crate) fn deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    /// Limits concurrent scrapes.
    pub(crate) fn limit(mut self, limit: Arc<Limit>) -> Self {
        self.limit = limit;
        self
    }

    pub(crate) async fn scrape(self, request: HttpRequest) -> HttpResponse {
        let response = self.respond(&request).await.unwrap_or_else(|refusal| refusal);
        self.limit.count_response(response.status());
        response
    }

    async fn respond(&self, request: &HttpRequest) -> Result<HttpResponse, HttpResponse> {
        let deadline = self.deadline.of(request);
        let permit = self.limit.enter(Requester::of(request), deadline).await?;
        let selection = Selection::new(query(request))
            .and_then(|selection| self.sources.check(&selection).map(|()| selection))
            .map_err(bad_request)?;
        let scrape = permit.run(self.sources.scrape(selection, deadline)).await?;
        let limit = Arc::clone(&self.limit);
        let encode = move |encoding, buffer: &mut Vec<u8>| {
            if !scrape.encode(encoding, buffer) {
                limit.count_error(Cause::Gathering);
            }
        };
        Ok(self.expositions.respond(request, permit, encode).await)
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Metrics").field("path", &self.path).finish_non_exhaustive()
    }
}

impl HttpServiceFactory for Metrics {
    fn register(self, config: &mut AppService) {
        let path = self.path.clone();
        resource(&path, move |request| self.clone().scrape(request)).register(config);
    }
}
