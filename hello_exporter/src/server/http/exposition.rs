//! The response to a scrape or a probe: an exposition in the format and coding that the request
//! prefers.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use tracing::error;

use super::body::PiecewiseBody;
use super::limit::{Cause, Permit};
use super::plain;
use crate::internals::{BodyEncoder, Exposition, query_pairs};
use crate::registry::Encoding;
use crate::respond;
use crate::server::connection::GuardedBody;

/// The expositions of one path.
#[derive(Clone, Debug)]
pub(super) struct Expositions {
    bodies: BodyEncoder,
    /// See [`Encoding::created_samples`].
    created_samples: bool,
    /// See [`respond::Request::fast_gzip`].
    fast_gzip: bool,
}

impl Default for Expositions {
    fn default() -> Self {
        Self { bodies: BodyEncoder::default(), created_samples: false, fast_gzip: true }
    }
}

/// The thread that encodes an exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thread {
    /// The worker that serves the connection. Its other connections wait meanwhile.
    Worker,
    /// A thread of its own, so that slow collectors delay no other request.
    Blocking,
}

impl Expositions {
    /// Sets whether OpenMetrics has samples `_created`.
    pub(super) fn created_samples(self, created_samples: bool) -> Self {
        Self { created_samples, ..self }
    }

    /// Sets whether this library compresses gzip for clients that scrape again and again.
    pub(super) fn fast_gzip(self, fast_gzip: bool) -> Self {
        Self { fast_gzip, ..self }
    }

    /// Responds with an exposition, which is encoded and compressed on `thread`. The response holds
    /// the permit until it is sent.
    pub(super) async fn respond(
        &self,
        request: &HttpRequest,
        permit: Permit,
        thread: Thread,
        encode: impl FnOnce(Encoding, &mut Exposition) + Send + 'static,
    ) -> HttpResponse {
        let request = respond::Request::new()
            .headers(request.headers())
            .resembling(request.query_string())
            .created_samples(self.created_samples)
            .fast_gzip(self.fast_gzip);
        let limit = Arc::clone(permit.limit());
        let bodies = self.bodies.clone();
        let encode = move || (respond::Response::encode(&request, &bodies, encode), permit);
        let encoded = match thread {
            Thread::Worker => Ok(encode()),
            Thread::Blocking => web::block(encode).await,
        };
        match encoded {
            Ok((response, permit)) => {
                if response.has_encoding_error() {
                    limit.count_error(Cause::Encoding);
                }
                permit.deliver();
                converted(response, permit)
            }
            // The runtime ends.
            Err(error) => {
                error!(%error, "Scrape was not finished");
                limit.count_error(Cause::Encoding);
                plain(StatusCode::INTERNAL_SERVER_ERROR, "the scrape was not finished")
            }
        }
    }
}

/// Converts a response to one of actix-web.
fn converted(response: respond::Response, permit: Permit) -> HttpResponse {
    let status = StatusCode::from_u16(response.status());
    let mut converted = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for header in response.headers() {
        converted.insert_header(header);
    }
    let body = PiecewiseBody::from(response.into_body());
    converted.body(GuardedBody::new(body, permit))
}

/// Returns the decoded pairs of the query, in order.
pub(super) fn query(request: &HttpRequest) -> Vec<(String, String)> {
    query_pairs(request.query_string()).collect()
}

/// Returns a response 400 with the reason.
pub(super) fn bad_request(reason: impl std::fmt::Display) -> HttpResponse {
    plain(StatusCode::BAD_REQUEST, reason)
}

#[cfg(test)]
mod tests {
    use actix_web::rt::System;
    use actix_web::test::TestRequest;

    use super::super::Limit;
    use super::super::limit::Requester;
    use super::*;
    use crate::encode::Format;
    use crate::registry::Registry;

    /// Returns the status of a response, and the exposed errors after it.
    fn responded(thread: Thread, encode: fn(Encoding, &mut Exposition)) -> (StatusCode, String) {
        let limit = Arc::new(Limit::default());
        let respond = async {
            let request = TestRequest::default().to_http_request();
            let permit = limit.enter(Requester::of(&request), None).await.ok().unwrap();
            let expositions = Expositions::default();
            expositions.respond(&request, permit, thread, encode).await.status()
        };
        let status = System::new().block_on(respond);
        let registry = Registry::new();
        registry.register(limit.metrics()).unwrap();
        let mut buffer = Vec::new();
        registry.encode(Format::Text, &mut buffer);
        let text = String::from_utf8(buffer).unwrap();
        let errors = text.lines().filter(|line| line.contains("errors_total{"));
        (status, errors.map(|line| line.to_owned() + "\n").collect())
    }

    #[test]
    fn scrape_that_panics_is_an_encoding_error() {
        let errors = |encoding| {
            format!(
                "promhttp_metric_handler_errors_total{{cause=\"encoding\"}} {encoding}\n\
                 promhttp_metric_handler_errors_total{{cause=\"gathering\"}} 0\n"
            )
        };
        for thread in [Thread::Worker, Thread::Blocking] {
            assert_eq!(responded(thread, |_, _| ()), (StatusCode::OK, errors(0)));
            let panicking = responded(thread, |_, _| panic!("a fault"));
            assert_eq!(panicking, (StatusCode::INTERNAL_SERVER_ERROR, errors(1)));
        }
    }
}
