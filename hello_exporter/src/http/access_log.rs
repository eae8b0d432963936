//! A line of the log for each request, for whoever debugs.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use tokio::time::Instant;
use tracing::{Level, debug, enabled};

/// Answers a request, and tells of it. What the request says of itself is escaped by the log.
pub(crate) async fn access_log<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if !enabled!(Level::DEBUG) {
        return next.call(request).await;
    }
    let started = Instant::now();
    let method = request.method().clone();
    let uri = request.uri().clone();
    let peer = request.peer_addr().map(tracing::field::display);
    let response = next.call(request).await?;
    let status = response.status().as_u16();
    debug!(peer, %method, %uri, status, duration = ?started.elapsed(), "Answered");
    Ok(response)
}
