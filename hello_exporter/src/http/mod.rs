//! The HTTP endpoints, as services for an actix-web `App`.
//!
//! [`Exporter`](crate::Exporter) serves all of them. An application that has a server already mounts
//! [`Metrics`] beside its own services.

mod access_log;
mod body;
mod bounds;
mod closer;
mod compress;
mod deadline;
mod exposition;
mod held;
mod landing;
mod limit;
mod metrics;
mod negotiate;
mod pool;
mod probe;
mod web_config;

use actix_web::http::header;
use actix_web::{Handler, HttpResponse, Resource, Responder, web};

pub(crate) use access_log::access_log;
pub(crate) use closer::Closer;
pub(crate) use deadline::Deadline;
pub(crate) use held::Held;
pub(crate) use landing::Landing;
pub(crate) use limit::Limit;
pub use metrics::Metrics;
pub(crate) use probe::Probes;
pub use web_config::WebConfigError;
pub(crate) use web_config::{WebConfig, guard};

/// A resource that answers GET and HEAD, and any other method with 405.
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
    HttpResponse::MethodNotAllowed()
        .insert_header((header::ALLOW, "GET, HEAD"))
        .content_type(PLAIN_TEXT)
        .body("method not allowed\n")
}

/// The answer to a path that does not exist.
pub(crate) async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type(PLAIN_TEXT).body("404 page not found\n")
}

const HEALTHY: &str = "/-/healthy";
const READY: &str = "/-/ready";

/// Whether whoever asks needs no password: a supervisor has none.
fn is_health(path: &str) -> bool {
    [HEALTHY, READY].contains(&path)
}

/// `/-/healthy`: the process answers.
pub(crate) fn healthy() -> Resource {
    resource(HEALTHY, || async { status("healthy\n") })
}

/// `/-/ready`: the process answers, and nothing has to happen before it can be scraped.
pub(crate) fn ready() -> Resource {
    resource(READY, || async { status("ready\n") })
}

fn status(text: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(PLAIN_TEXT).body(text)
}

const PLAIN_TEXT: &str = "text/plain; charset=utf-8";
