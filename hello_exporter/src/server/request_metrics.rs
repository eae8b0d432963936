//! What an application tells of the requests that it answers.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;
use pin_project_lite::pin_project;

use crate::collect::Desc;
use crate::collect::FamilyEncoder;
use crate::collect::{Collect, Describe};
use crate::metric::{Buckets, Counter, Family, Gauge, HistogramVec};
use crate::server::connection::GuardedBody;
use crate::server::metric_prefix::metric_prefix;

/// Counts the requests of an actix-web application: a middleware, and the collector of what it counts.
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
/// Make one, before `HttpServer::new`, and give every worker a clone: all clones count together. What is wrapped last
/// is outermost, and sees what the other middlewares answer. Around a `Scope` or a `Resource` it counts the requests of
/// that one alone.
///
/// However many paths and methods clients invent, there is a bounded number of series:
///
/// - `route` is the pattern that has matched, `/links/{name}`, never the path; `unmatched` where none has.
/// - `method` is one of those that RFC 9110 and RFC 5789 define, or `other`.
/// - `code` is the status of the answer. A request that got none counts as `499` where its client has gone away, or the
///   server has given it up, and as `500` where the handler has panicked: alerts on `code=~"5.."` see that.
///
/// A request is in flight until the last of its answer has been handed to the connection, or is given up: a stream that
/// goes on for an hour is in flight for an hour, and its duration is an hour. A client that goes away in the middle of
/// an answer changes nothing about its `code`, which it has been told.
///
/// actix-web goes on with a request whose client has closed its side of the connection, because that may still listen:
/// [`h1_allow_half_closed(false)`](actix_web::HttpServer::h1_allow_half_closed) makes it give up handlers for whose answer
/// nobody waits.
///
/// Counting a request of a known route allocates nothing but its pattern, a `String` that
/// [`match_pattern`](actix_web::HttpRequest::match_pattern) makes, before and after it is answered.
#[cfg_attr(
    feature = "prometheus",
    doc = "It is a [`prometheus::core::Collector`] as well: \
           `prometheus::default_registry().register(Box::new(requests.clone()))`."
)]
#[derive(Clone, Debug)]
pub struct RequestMetrics {
    families: Arc<Families>,
    /// With its `_`.
    prefix: Cow<'static, str>,
}

#[derive(Debug, hello_exporter_derive::Collector)]
#[collector(crate = crate, namespace = "http")]
struct Families {
    /// Requests answered or given up, by method, pattern of the route, and status code.
    requests_total: Family<RequestLabels<'static>, Counter>,

    /// Time from the arrival of a request until its answer was handed to the connection.
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
    /// Metrics of requests, of which there were none yet.
    pub fn new() -> Self {
        Self { families: Arc::new(Families::new()), prefix: Cow::Borrowed("") }
    }

    /// Puts `namespace` and a `_` in front of all names, and `_` for whatever a name cannot contain: for an application that has an `http_requests_total` already, in
    /// a registry that [adds no prefix](crate::Registry::scope) itself.
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

    /// Other upper bounds for the durations, in seconds. What was counted before is not taken along: say it first.
    ///
    /// ```
    /// # use hello_exporter::http::RequestMetrics;
    /// let requests = RequestMetrics::new().buckets(&[0.001, 0.01, 0.1, 1.0]);
    /// # let _ = requests;
    /// ```
    #[must_use]
    pub fn buckets(mut self, bounds: impl Into<Buckets>) -> Self {
        let request_duration_seconds = HistogramVec::new(["method", "route"], bounds);
        self.families = Arc::new(Families { request_duration_seconds, ..Families::new() });
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
    type Transform = Counted<S>;
    type InitError = ();
    type Future = Ready<Result<Counted<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Counted { service, families: Arc::clone(&self.families) }))
    }
}

/// A service whose requests are counted.
pub struct Counted<S> {
    service: S,
    families: Arc<Families>,
}

impl<S, B> Service<ServiceRequest> for Counted<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<GuardedBody<B, Option<InFlight>>>;
    type Error = Error;
    type Future = Answer<S::Future>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let mut in_flight = InFlight::new(Arc::clone(&self.families), &request);
        let answer = in_flight.watch(|| self.service.call(request));
        Answer { answer, in_flight: Some(in_flight) }
    }
}

pin_project! {
    /// The answer to a request, which is in flight meanwhile.
    pub struct Answer<F> {
        #[pin]
        answer: F,
        // The body has it once there is one.
        in_flight: Option<InFlight>,
    }
}

impl<F, B> Future for Answer<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<GuardedBody<B, Option<InFlight>>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Nobody asks a future that has ended.
        let Some(in_flight) = this.in_flight else { return Poll::Pending };
        let answer = match in_flight.watch(|| this.answer.poll(context)) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(answer) => answer,
        };
        match &answer {
            Ok(response) => in_flight.answered(response),
            Err(error) => in_flight.code = error.as_response_error().status_code().as_u16(),
        }
        let in_flight = this.in_flight.take();
        Poll::Ready(
            answer.map(|response| response.map_body(|_, body| GuardedBody::new(body, in_flight))),
        )
    }
}

/// A request, which is counted when this is dropped: on every way out, a panic and a cancelled future included.
pub struct InFlight {
    families: Arc<Families>,
    start: Instant,
    method: &'static str,
    route: Option<String>,
    code: u16,
}

/// What nginx logs for a client that has closed the connection before there was an answer.
const GIVEN_UP: u16 = 499;
const PANICKED: u16 = 500;

const UNMATCHED: &str = "unmatched";

impl InFlight {
    fn new(families: Arc<Families>, request: &ServiceRequest) -> Self {
        families.requests_in_flight.inc();
        let method = known(request.method());
        // As the path tells: if there is no answer, nobody tells more.
        let route = request.match_pattern();
        Self { families, start: Instant::now(), method, route, code: GIVEN_UP }
    }

    /// Calls what may panic, and is dropped in its course then.
    fn watch<R>(&mut self, call: impl FnOnce() -> R) -> R {
        self.code = PANICKED;
        let result = call();
        self.code = GIVEN_UP;
        result
    }

    /// Only now it is known which of the routes of this path had guards that let it pass.
    fn answered<B>(&mut self, response: &ServiceResponse<B>) {
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

/// Clients may call a method what they like.
fn known(method: &Method) -> &'static str {
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
