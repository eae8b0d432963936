//! Metrics of the requests that an application handles.

use std::borrow::Cow;
use std::future::{self, Ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;
use pin_project_lite::pin_project;

use crate::collect::{Collect, Desc, Describe, FamilyEncoder};
use crate::internals::{InMemory, Liveness, metric_prefix};
use crate::metric::{Buckets, Counter, Family, Gauge, HistogramVec};
use crate::server::connection::GuardedBody;

/// Counts the requests of an actix-web application: a middleware, and the collector of its metrics.
///
/// ```
/// use actix_web::App;
/// use hello_exporter::{Registry, http::{Metrics, RequestMetrics}};
///
/// let requests = RequestMetrics::new();
/// let registry = Registry::new();
/// registry.register(requests.clone())?;
///
/// let app = move || {
///     App::new()
///         .wrap(requests.clone())
///         .service(Metrics::new(registry.clone()))
/// };
/// # let _ = app;
/// # Ok::<(), hello_exporter::RegisterError>(())
/// ```
///
/// | family | labels | |
/// |---|---|---|
/// | `http_requests_total` | `method`, `route`, `code` | a counter |
/// | `http_request_duration_seconds` | `method`, `route` | a histogram, with [`DEFAULT_BUCKETS`](crate::metric::DEFAULT_BUCKETS) |
/// | `http_requests_in_flight` | | a gauge |
///
/// Create one before `HttpServer::new`, and give every worker a clone: all clones count together.
/// The middleware that is wrapped last is outermost, and sees the responses of the others. Wrapped
/// around a `Scope` or a `Resource`, it counts only the requests of that one.
///
/// The number of series is bounded, however many paths and methods clients invent:
///
/// - `route` is the pattern that has matched, such as `/links/{name}`, never the path; `unmatched`
///   if none has.
/// - `method` is one that RFC 9110 or RFC 5789 defines, or `other`.
/// - `code` is the status of the response. A request without a response counts as `499` if its
///   client has disconnected, or the server has cancelled it, and as `500` if the handler has
///   panicked, so that alerts on `code=~"5.."` notice.
///
/// A request is in flight until the connection has all of its response, or until it is cancelled: a
/// stream of an hour is in flight for an hour, which is also its duration. If a client disconnects
/// during a response, `code` is still the status that it has received.
///
/// actix-web continues to handle a request whose client has closed its side of the connection,
/// since the client may still read:
/// [`h1_allow_half_closed(false)`](actix_web::HttpServer::h1_allow_half_closed) cancels such
/// handlers.
///
/// Counting a request of a known route allocates only its pattern, a `String` that
/// [`match_pattern`](actix_web::HttpRequest::match_pattern) makes, once before and once after the
/// handler runs.
#[cfg_attr(
    feature = "prometheus",
    doc = "It is a [`prometheus::core::Collector`] as well: \
           `prometheus::default_registry().register(Box::new(requests.clone()))`."
)]
#[derive(Clone, Debug)]
pub struct RequestMetrics {
    families: Arc<RequestFamilies>,
    /// With its `_`.
    prefix: Cow<'static, str>,
}

#[derive(Debug, hello_exporter_derive::Collector)]
#[collector(crate = crate, namespace = "http")]
struct RequestFamilies {
    /// Requests answered or cancelled, by method, route pattern and status code.
    requests_total: Family<RequestLabels<'static>, Counter>,

    /// Time from the arrival of a request until its response was handed to the connection.
    #[metric(labels = ["method", "route"], unit = "seconds")]
    request_duration_seconds: HistogramVec<2>,

    /// Requests that are being answered.
    requests_in_flight: Gauge<i64>,
}

#[derive(hello_exporter_derive::Labels)]
#[label(crate = crate)]
struct RequestLabels<'a> {
    method: &'a str,
    route: &'a str,
    code: u16,
}

impl RequestMetrics {
    /// Creates metrics without requests.
    pub fn new() -> Self {
        Self { families: Arc::new(RequestFamilies::new()), prefix: Cow::Borrowed("") }
    }

    /// Prefixes all names with `namespace` and a `_`; invalid characters become `_`. Use it if the
    /// application has an `http_requests_total` already, and the registry
    /// [adds no prefix](crate::Registry::scope) itself.
    ///
    /// ```
    /// # use hello_exporter::http::RequestMetrics;
    /// let requests = RequestMetrics::new().namespace("shop");   // shop_http_requests_total
    /// # let _ = requests;
    /// ```
    #[must_use]
    pub fn namespace(mut self, namespace: impl AsRef<str>) -> Self {
        self.prefix = Cow::Owned(metric_prefix(namespace.as_ref()));
        self
    }

    /// Sets the upper bounds of the durations, in seconds. Call it first: it drops earlier counts.
    ///
    /// ```
    /// # use hello_exporter::http::RequestMetrics;
    /// let requests = RequestMetrics::new().buckets(&[0.001, 0.01, 0.1, 1.0]);
    /// # let _ = requests;
    /// ```
    #[must_use]
    pub fn buckets(mut self, bounds: impl Into<Buckets>) -> Self {
        let request_duration_seconds = HistogramVec::new(["method", "route"], bounds);
        self.families =
            Arc::new(RequestFamilies { request_duration_seconds, ..RequestFamilies::new() });
        self
    }
}

impl Default for RequestMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Describe for RequestMetrics {
    fn describe(&self) -> Vec<Desc> {
        let descs = self.families.describe().into_iter();
        descs.map(|desc| desc.with_prefix(&self.prefix)).collect()
    }
}

impl Collect for RequestMetrics {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        self.families.collect(index, encoder);
    }

    fn liveness() -> impl Liveness {
        InMemory
    }
}

#[cfg(feature = "prometheus")]
impl prometheus::core::Collector for RequestMetrics {
    fn desc(&self) -> Vec<&prometheus::core::Desc> {
        crate::interop::describe_for_prometheus(self)
    }

    fn collect(&self) -> Vec<prometheus::proto::MetricFamily> {
        crate::interop::collect_for_prometheus(self)
    }
}

impl<S, B> Transform<S, ServiceRequest> for RequestMetrics
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<GuardedBody<B, Option<InFlight>>>;
    type Error = Error;
    type Transform = CountedService<S>;
    type InitError = ();
    type Future = Ready<Result<CountedService<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        future::ready(Ok(CountedService { service, families: Arc::clone(&self.families) }))
    }
}

/// A service whose requests are counted.
pub struct CountedService<S> {
    service: S,
    families: Arc<RequestFamilies>,
}

impl<S, B> Service<ServiceRequest> for CountedService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<GuardedBody<B, Option<InFlight>>>;
    type Error = Error;
    type Future = CountedResponse<S::Future>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let mut in_flight = InFlight::new(Arc::clone(&self.families), &request);
        let response = in_flight.watch(|| self.service.call(request));
        CountedResponse { response, in_flight: Some(in_flight) }
    }
}

pin_project! {
    /// Resolves to the response to a request, which is in flight meanwhile.
    pub struct CountedResponse<F> {
        #[pin]
        response: F,
        // Moves into the body of the response.
        in_flight: Option<InFlight>,
    }
}

impl<F, B> Future for CountedResponse<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<GuardedBody<B, Option<InFlight>>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // No caller polls a future that has ended.
        let Some(in_flight) = this.in_flight else { return Poll::Pending };
        let result = ready!(in_flight.watch(|| this.response.poll(context)));
        match &result {
            Ok(response) => in_flight.respond(response),
            Err(error) => in_flight.code = error.as_response_error().status_code().as_u16(),
        }
        let in_flight = this.in_flight.take();
        Poll::Ready(
            result.map(|response| response.map_body(|_, body| GuardedBody::new(body, in_flight))),
        )
    }
}

/// A request in flight. It is counted when this is dropped, even by a panic or a cancelled future.
pub struct InFlight {
    families: Arc<RequestFamilies>,
    start: Instant,
    method: &'static str,
    route: Option<String>,
    code: u16,
}

/// The code that nginx logs for a client that has disconnected before the response.
const CANCELLED: u16 = 499;
const PANICKED: u16 = 500;

const UNMATCHED: &str = "unmatched";

impl InFlight {
    fn new(families: Arc<RequestFamilies>, request: &ServiceRequest) -> Self {
        families.requests_in_flight.inc();
        let method = method_label(request.method());
        // The route of the path, for a request that gets no response.
        let route = request.match_pattern();
        Self { families, start: Instant::now(), method, route, code: CANCELLED }
    }

    /// Calls `call`. If it panics, this is dropped with the code of a panic.
    fn watch<R>(&mut self, call: impl FnOnce() -> R) -> R {
        self.code = PANICKED;
        let result = call();
        self.code = CANCELLED;
        result
    }

    /// Records the response and its route, which the guards of the path have chosen.
    fn respond<B>(&mut self, response: &ServiceResponse<B>) {
        self.code = response.status().as_u16();
        self.route = response.request().match_pattern();
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let Self { families, start, method, route, code } = self;
        let route = route.as_deref().unwrap_or(UNMATCHED);
        families.requests_in_flight.dec();
        families.requests_total.with(RequestLabels { method, route, code: *code }).inc();
        let seconds = start.elapsed().as_secs_f64();
        families.request_duration_seconds.with([*method, route]).observe(seconds);
    }
}

/// Returns the label of a method. Clients can invent any number of methods.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "other",
    }
}
