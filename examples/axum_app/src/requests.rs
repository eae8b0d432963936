//! Counts and measures the requests.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use hello_exporter::{Collector, Counter, Family, Gauge, HistogramVec, Labels};

use crate::AppMetrics;

#[derive(Collector)]
#[collector(namespace = "http")]
pub(crate) struct RequestMetrics {
    /// Requests answered or cancelled, by method, route pattern and status code.
    requests_total: Family<RequestLabels<'static>, Counter>,

    /// Time from the arrival of a request until the head of its response.
    #[metric(labels = ["method", "route"], native, buckets = [0.001, 0.01, 0.1, 1])]
    request_duration_seconds: HistogramVec<2>,

    /// Requests that are being answered.
    requests_in_flight: Gauge<i64>,
}

#[derive(Labels)]
struct RequestLabels<'a> {
    method: &'a str,
    route: &'a str,
    code: u16,
}

/// The middleware. It counts each request, even if its client disconnects or its handler panics.
pub(crate) async fn count(
    State(metrics): State<Arc<AppMetrics>>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let metrics = &metrics.requests;
    let _in_flight = metrics.requests_in_flight.inc_guard();
    let mut counted = CountedRequest {
        metrics,
        start: Instant::now(),
        method: method_label(request.method()),
        // The pattern, such as `/notes/{name}`: clients can invent any number of paths.
        route: route.as_ref().map_or("unmatched", MatchedPath::as_str),
        code: None,
    };
    let response = next.run(request).await;
    counted.code = Some(response.status().as_u16());
    response
}

/// A request, which is counted when this is dropped.
struct CountedRequest<'a> {
    metrics: &'a RequestMetrics,
    start: Instant,
    method: &'static str,
    route: &'a str,
    /// `None` until there is a response.
    code: Option<u16>,
}

impl Drop for CountedRequest<'_> {
    fn drop(&mut self) {
        let Self { metrics, start, method, route, code } = *self;
        // nginx logs 499 for a client that has disconnected.
        let code = code.unwrap_or(if thread::panicking() { 500 } else { 499 });
        metrics.requests_total.with(RequestLabels { method, route, code }).inc();
        let duration = start.elapsed().as_secs_f64();
        metrics.request_duration_seconds.with([method, route]).observe(duration);
    }
}

/// Returns the label of a method. Clients can invent any number of methods.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
