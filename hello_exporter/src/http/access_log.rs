//! When a request came, and, for whoever debugs, a line of the log.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use tokio::time::Instant;
use tracing::{Level, debug, enabled};

use super::deadline::Begun;

/// Answers a request, and tells of it. What the request says of itself is escaped by the log.
pub(crate) async fn access_log<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    request.extensions_mut().insert(Begun(started));
    if !enabled!(Level::DEBUG) {
        return next.call(request).await;
    }
    let method = request.method().clone();
    let uri = request.uri().clone();
    let peer = request.peer_addr().map(tracing::field::display);
    let response = next.call(request).await?;
    let status = response.status().as_u16();
    debug!(peer, %method, %uri, status, duration = ?started.elapsed(), "Answered");
    Ok(response)
}
