//! The HTTP endpoints, as services for an actix-web `App`.
//!
//! [`Exporter`](crate::Exporter) serves all of them. An application with a server of its own mounts
//! [`Metrics`] next to its services, and counts its requests with [`RequestMetrics`].

mod access_log;
mod body;
mod deadline;
mod exposition;
mod landing;
mod last_scrape;
mod limit;
mod metrics;
mod probe;
mod reload;
pub(super) mod request_limits;

use std::fmt::Display;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{Handler, HttpResponse, Resource, Responder, web};

pub use crate::server::request_metrics::RequestMetrics;
pub use crate::server::web_config::WebConfigError;
pub(crate) use access_log::access_log;
pub(crate) use deadline::Deadline;
pub(crate) use landing::{Landing, ShownConfig};
pub(crate) use limit::Limit;
pub use metrics::Metrics;
pub(crate) use probe::ProbeService;
pub(crate) use reload::reload;

/// Creates a resource that responds to GET and HEAD, and to other methods with 405.
fn resource<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: actix_web::FromRequest + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(method_not_allowed))
}

async fn method_not_allowed() -> HttpResponse {
    not_allowed("GET, HEAD")
}

/// Responds to a request with another method than the allowed ones.
fn not_allowed(allowed: &'static str) -> HttpResponse {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

/// Responds to unknown paths.
pub(crate) async fn not_found() -> HttpResponse {
    plain(StatusCode::NOT_FOUND, "404 page not found")
}

const HEALTHY: &str = "/-/healthy";
const READY: &str = "/-/ready";

/// Returns whether the path is a health check, which needs no authentication.
pub(super) fn is_health(path: &str) -> bool {
    [HEALTHY, READY].contains(&path)
}

/// Creates `/-/healthy`, which responds as long as the process runs.
pub(crate) fn healthy() -> Resource {
    resource(HEALTHY, || async { plain(StatusCode::OK, "healthy") })
}

/// Creates `/-/ready`, which always responds: the process can be scraped from the start.
pub(crate) fn ready() -> Resource {
    resource(READY, || async { plain(StatusCode::OK, "ready") })
}

/// Returns a response with one line of text, and the headers that Go's `http.Error` sets.
pub(super) fn plain(status: StatusCode, line: impl Display) -> HttpResponse {
    let mut response = HttpResponse::build(status).body(format!("{line}\n"));
    set_plain(response.headers_mut());
    response
}

/// Sets the headers of a text that is for people.
fn set_plain(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
