//! The response to a scrape or a probe: an exposition in the format and coding that the request
//! prefers.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use tracing::error;

use super::body::{Body, BodyEncoder};
use super::limit::{Cause, Permit};
use super::negotiate::Representation;
use super::{negotiate, plain};
use crate::registry::Encoding;
use crate::server::connection::GuardedBody;

/// The expositions of one path.
#[derive(Clone, Debug, Default)]
pub(super) struct Expositions {
    bodies: BodyEncoder,
    /// See [`Encoding::created_samples`].
    created_samples: bool,
}

impl Expositions {
    /// Sets whether OpenMetrics has samples `_created`.
    pub(super) fn created_samples(self, created_samples: bool) -> Self {
        Self { created_samples, ..self }
    }

    /// Responds with an exposition. Encodes and compresses it on a blocking thread, so that slow
    /// collectors delay no other scrape. The response holds the permit until it is sent.
    pub(super) async fn respond(
        &self,
        request: &HttpRequest,
        permit: Permit,
        encode: impl FnOnce(Encoding, &mut Vec<u8>) + Send + 'static,
    ) -> HttpResponse {
        let representation = negotiate::representation(&joined(request, header::ACCEPT));
        let coding = negotiate::coding(&joined(request, header::ACCEPT_ENCODING));
        let encoding = representation.encoding().created_samples(self.created_samples);
        let limit = Arc::clone(permit.limit());
        let bodies = self.bodies.clone();
        let encode = move || (bodies.encode(coding, |buffer| encode(encoding, buffer)), permit);
        match web::block(encode).await {
            Ok((body, permit)) => {
                if body.coding() != coding {
                    limit.count_error(Cause::Encoding);
                }
                permit.deliver();
                response(representation, body, permit)
            }
            Err(error) => {
                error!(%error, "Scrape was not finished");
                limit.count_error(Cause::Encoding);
                plain(StatusCode::INTERNAL_SERVER_ERROR, "the scrape was not finished")
            }
        }
    }
}

fn response(representation: Representation, body: Body, permit: Permit) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .content_type(representation.content_type())
        .insert_header((header::VARY, "Accept, Accept-Encoding"));
    if let Some(coding) = body.coding().name() {
        response.insert_header((header::CONTENT_ENCODING, coding));
    }
    response.body(GuardedBody::new(body, permit))
}

/// Joins the headers of a name to one value (RFC 9110, section 5.3).
fn joined(request: &HttpRequest, name: header::HeaderName) -> String {
    let headers = request.headers().get_all(name);
    let values: Vec<&str> = headers.filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

/// Returns the decoded pairs of the query, in order.
pub(super) fn query(request: &HttpRequest) -> Vec<(String, String)> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    pairs.map(web::Query::into_inner).unwrap_or_default()
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
    fn responded(encode: fn(Encoding, &mut Vec<u8>)) -> (StatusCode, String) {
        let limit = Arc::new(Limit::default());
        let respond = async {
            let request = TestRequest::default().to_http_request();
            let permit = limit.enter(Requester::of(&request), None).await.ok().unwrap();
            Expositions::default().respond(&request, permit, encode).await.status()
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
        assert_eq!(responded(|_, _| ()), (StatusCode::OK, errors(0)));
        let panicking = responded(|_, _| panic!("a fault"));
        assert_eq!(panicking, (StatusCode::INTERNAL_SERVER_ERROR, errors(1)));
    }
}
