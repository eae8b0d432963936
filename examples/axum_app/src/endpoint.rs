//! The endpoint of the metrics.

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use hello_exporter::{Registry, respond};
use tokio::task::spawn_blocking;

/// Responds to GET and HEAD in the format and compression that the client prefers. `name[]` in the
/// query selects families.
pub(crate) async fn metrics(
    State(registry): State<Registry>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let request = respond::Request::new().headers(&headers).query(&query.unwrap_or_default());
    let response = spawn_blocking(move || registry.respond_to(&request))
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let mut builder = Response::builder().status(response.status());
    for (name, value) in response.headers() {
        builder = builder.header(name, value);
    }
    let body = Body::from(Bytes::from_owner(response.into_body()));
    builder.body(body).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
