//! The answer to a scrape: an exposition in the format that the request prefers.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use tracing::error;

use super::{PLAIN_TEXT, negotiate};
use crate::Format;

/// Encodes off the event loop: collectors may take their time, and one scrape must not hold another.
pub(super) async fn respond(
    request: &HttpRequest,
    encode: impl FnOnce(Format, &mut Vec<u8>) + Send + 'static,
) -> HttpResponse {
    let format = negotiate::format(&accept(request));
    let encode = move || {
        let mut body = Vec::new();
        encode(format, &mut body);
        body
    };
    match web::block(encode).await {
        Ok(body) => HttpResponse::Ok()
            .content_type(format.content_type())
            .insert_header((header::VARY, "Accept"))
            .body(body),
        Err(error) => {
            error!(%error, "Scrape was not finished");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// All `Accept` headers as one, which is what they are.
fn accept(request: &HttpRequest) -> String {
    let headers = request.headers().get_all(header::ACCEPT);
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
    HttpResponse::BadRequest().content_type(PLAIN_TEXT).body(format!("{reason}\n"))
}
