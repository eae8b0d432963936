//! The metrics endpoint.

use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::{HttpRequest, HttpResponse};

use super::exposition::{Expositions, Thread, bad_request, query};
use super::last_scrape::LastScrape;
use super::limit::{Cause, Requester};
use super::{Deadline, Limit, resource};
use crate::internals::Exposition;
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
/// A scrape runs on a blocking thread, where collectors may take their time. If all collectors are
/// structs of live metrics, and the last scrape was small and quick, it runs on the worker that has
/// the request, which takes less processor time.
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
    path: Arc<str>,
    deadline: Deadline,
    limit: Arc<Limit>,
    expositions: Expositions,
    last: Arc<LastScrape>,
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
            path: "/metrics".into(),
            deadline: Deadline::default(),
            limit: Arc::default(),
            expositions: Expositions::default(),
            last: Arc::default(),
        }
    }

    /// Serves the metrics at another path.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into().into();
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

    /// Sets whether this library compresses gzip for clients that scrape again and again, see
    /// [`respond::Request::fast_gzip`](crate::respond::Request::fast_gzip). By default it does.
    #[must_use]
    pub fn fast_gzip(mut self, fast_gzip: bool) -> Self {
        self.expositions = self.expositions.fast_gzip(fast_gzip);
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
        let (limit, last) = (Arc::clone(&self.limit), Arc::clone(&self.last));
        let is_quick = scrape.never_blocks() && last.was_quick();
        let thread = if is_quick { Thread::Worker } else { Thread::Blocking };
        let is_whole = scrape.is_whole();
        let encode = move |encoding, exposition: &mut Exposition| {
            let start = Instant::now();
            if !scrape.encode(encoding, exposition) {
                limit.count_error(Cause::Gathering);
            }
            if is_whole {
                last.record(exposition.len(), start.elapsed());
            }
        };
        Ok(self.expositions.respond(request, permit, thread, encode).await)
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Metrics").field("path", &self.path).finish_non_exhaustive()
    }
}

impl HttpServiceFactory for Metrics {
    fn register(self, config: &mut AppService) {
        let path = Arc::clone(&self.path);
        resource(&path, move |request| self.clone().scrape(request)).register(config);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread::{self, ThreadId};

    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;

    use super::*;
    use crate::collect::{FamilyEncoder, LabelShape, Made, Metric, MetricType};
    use crate::internals::lock;
    use crate::metric::CounterVec;

    /// Records the threads that collect it.
    #[derive(Default)]
    struct Recorder<const NEVER_BLOCKS: bool>(Mutex<Vec<ThreadId>>);

    impl<const NEVER_BLOCKS: bool> Metric for Recorder<NEVER_BLOCKS> {
        const TYPE: Option<MetricType> = Some(MetricType::Gauge);
        const LABELS: LabelShape = LabelShape::None;
        const NEVER_BLOCKS: bool = NEVER_BLOCKS;
        type Making = Made;

        fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
            lock(&self.0).push(thread::current().id());
            encoder.value(1_u64);
        }
    }

    #[derive(hello_exporter_derive::Collector)]
    #[collector(crate = crate, no_new)]
    struct Recorded<const NEVER_BLOCKS: bool> {
        /// Records threads.
        recorder: Recorder<NEVER_BLOCKS>,
        #[metric(help = "Grows.", labels = ["x"])]
        growing_total: CounterVec<1>,
    }

    impl<const NEVER_BLOCKS: bool> Recorded<NEVER_BLOCKS> {
        fn new() -> Arc<Self> {
            Arc::new(Self {
                recorder: Recorder(Mutex::default()),
                growing_total: CounterVec::new(["x"]),
            })
        }

        /// Scrapes with a query, and returns the body and whether the worker has encoded it.
        async fn scrape(&self, metrics: &Metrics, query: &str) -> (String, bool) {
            let request = TestRequest::get().uri(&format!("/metrics{query}")).to_http_request();
            let response = metrics.clone().scrape(request).await;
            assert_eq!(response.status(), 200);
            let body = to_bytes(response.into_body()).await.unwrap();
            let thread = lock(&self.recorder.0).pop().unwrap();
            let body = String::from_utf8(body.to_vec()).unwrap();
            (body, thread == thread::current().id())
        }
    }

    const SMALL: &str = "# HELP recorder Records threads.\n# TYPE recorder gauge\nrecorder 1\n";

    fn endpoint<const NEVER_BLOCKS: bool>(collector: &Arc<Recorded<NEVER_BLOCKS>>) -> Metrics {
        let registry = Registry::new();
        registry.register(Arc::clone(collector)).unwrap();
        Metrics::new(registry)
    }

    #[actix_web::test]
    async fn worker_encodes_small_scrapes_after_the_first() {
        let collector = Recorded::<true>::new();
        let metrics = endpoint(&collector);
        assert_eq!(collector.scrape(&metrics, "").await, (SMALL.to_owned(), false));
        // If the machine is busy, a scrape can take longer than a millisecond.
        loop {
            let (body, is_on_worker) = collector.scrape(&metrics, "").await;
            assert_eq!(body, SMALL);
            if is_on_worker {
                break;
            }
        }
    }

    #[actix_web::test]
    async fn large_scrape_gets_a_thread() {
        let collector = Recorded::<true>::new();
        let metrics = endpoint(&collector);
        for number in 0..5_000_u32 {
            collector.growing_total.with([number]).inc();
        }
        for _ in 0..2 {
            assert!(!collector.scrape(&metrics, "").await.1);
        }
        // A part of the families says nothing about all of them.
        assert_eq!(collector.scrape(&metrics, "?name[]=recorder").await, (SMALL.to_owned(), false));
        assert!(!collector.scrape(&metrics, "").await.1);
        collector.growing_total.clear();
        assert_eq!(collector.scrape(&metrics, "").await, (SMALL.to_owned(), false));
    }

    #[actix_web::test]
    async fn code_of_an_author_gets_a_thread() {
        let collector = Recorded::<false>::new();
        let metrics = endpoint(&collector);
        for _ in 0..3 {
            assert_eq!(collector.scrape(&metrics, "").await, (SMALL.to_owned(), false));
            metrics.last.record(0, std::time::Duration::ZERO);
        }
    }
}
