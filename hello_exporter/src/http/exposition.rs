//! The answer to a scrape: an exposition in the format that the request prefers, coded as it prefers.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use tracing::error;

use super::body::{Bodies, Body};
use super::limit::Permit;
use super::{Held, negotiate, plain};
use crate::Format;

/// Encodes and compresses off the event loop: collectors may take their time, and one scrape must not hold
/// another. It is in flight until it is sent.
pub(super) async fn respond(
    request: &HttpRequest,
    bodies: Bodies,
    permit: Permit,
    encode: impl FnOnce(Format, &mut Vec<u8>) + Send + 'static,
) -> HttpResponse {
    let format = negotiate::format(&joined(request, header::ACCEPT));
    let coding = negotiate::coding(&joined(request, header::ACCEPT_ENCODING));
    let make = move || (bodies.make(coding, |buffer| encode(format, buffer)), permit);
    match web::block(make).await {
        Ok((body, permit)) => {
            permit.deliver();
            answer(format, body, permit)
        }
        Err(error) => {
            error!(%error, "Scrape was not finished");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "the scrape was not finished")
        }
    }
}

fn answer(format: Format, body: Body, permit: Permit) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .content_type(format.content_type())
        .insert_header((header::VARY, "Accept, Accept-Encoding"));
    if let Some(coding) = body.coding().name() {
        response.insert_header((header::CONTENT_ENCODING, coding));
    }
    response.body(Held::new(body, permit))
}

/// All headers of a name as one, which is what they are.
fn joined(request: &HttpRequest, name: header::HeaderName) -> String {
    let headers = request.headers().get_all(name);
    let values: Vec<&str> = headers.filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

/// The pairs of the query, decoded, in their order.
pub(super) fn query(request: &HttpRequest) -> Vec<(String, String)> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    pairs.map(web::Query::into_inner).unwrap_or_default()
}

/// 400, and why.
pub(super) fn bad_request(reason: impl std::fmt::Display) -> HttpResponse {
    plain(StatusCode::BAD_REQUEST, reason)
}
