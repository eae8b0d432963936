//! Responses to scrapes, for any HTTP server or framework.
//!
//! [`Registry::respond`](crate::Registry::respond) returns status, headers and body for the headers
//! `Accept` and `Accept-Encoding` of a request.
//! [`Registry::respond_to`](crate::Registry::respond_to) takes a [`Request`], which also reads the
//! query. The program's own server uses the same code: formats, codings and headers are the same.
//!
//! `respond` and `respond_to` block the thread until the body is encoded and compressed: a few
//! milliseconds for ten thousand series, and as long as the functions of
//! [`register_fn`](crate::Registry::register_fn) take. So an asynchronous handler calls them on a
//! blocking thread, e.g. in `tokio::task::spawn_blocking`.
//!
//! A handler for GET also serves HEAD, if the framework then leaves out the body, as axum, hyper
//! and actix-web do. The response is made as for GET, so that `Content-Length` is that of the body.
//!
//! `examples/axum_app`, in the repository, is an application with such a handler:
//!
//! ```ignore
//! async fn metrics(
//!     State(registry): State<Registry>,
//!     RawQuery(query): RawQuery,
//!     headers: HeaderMap,
//! ) -> Result<Response, StatusCode> {
//!     let request = respond::Request::new().headers(&headers).query(&query.unwrap_or_default());
//!     let response = spawn_blocking(move || registry.respond_to(&request))
//!         .await
//!         .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
//!     let mut builder = Response::builder().status(response.status());
//!     for (name, value) in response.headers() {
//!         builder = builder.header(name, value);
//!     }
//!     let body = Body::from(Bytes::from_owner(response.into_body()));
//!     builder.body(body).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
//! }
//! ```

pub(crate) mod body;
mod compress;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod gzip;
mod kinds;
mod negotiate;
mod parts;
mod pool;
pub(crate) mod query;
mod request;
mod response;

pub use body::Body;
pub use request::Request;
pub use response::Response;
