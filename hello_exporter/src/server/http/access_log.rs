//! Records when requests arrive, and logs responses at level `debug`.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use tokio::time::Instant;
use tracing::{Level, debug, enabled};

use super::deadline::Arrival;
use crate::internals::query_pairs;

/// Handles a request, and logs its response. The log escapes all text from the request.
pub(crate) async fn access_log<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    request.extensions_mut().insert(Arrival(started));
    if !enabled!(Level::DEBUG) {
        return next.call(request).await;
    }
    let method = request.method().clone();
    let uri = without_passwords(request.uri());
    let peer = request.peer_addr().map(tracing::field::display);
    let response = next.call(request).await?;
    let status = response.status().as_u16();
    debug!(peer, %method, %uri, status, duration = ?started.elapsed(), "Responded");
    Ok(response)
}

/// Returns path and query, without possible passwords. The authority of an absolute URL can contain
/// a password (RFC 3986, 3.2.1), and so can the target in a query. Such a target is refused, but
/// would be logged.
fn without_passwords(uri: &Uri) -> String {
    let path = uri.path();
    match uri.query() {
        Some(query) => format!("{path}?{}", without_user_information(query)),
        None => path.to_owned(),
    }
}

/// Cuts from the first target to the last `@`. This can cut more than a user name and a password,
/// but never less: a password may contain any character, including `&` and `@`.
fn without_user_information(query: &str) -> String {
    let Some(start) = start_of_target(query) else { return query.to_owned() };
    let (before, value) = query.split_at(start);
    let ends = ["@", "%40"].map(|at| value.rfind(at).map(|start| start + at.len()));
    match ends.into_iter().max().flatten() {
        Some(end) => format!("{before}***@{}", value.get(end..).unwrap_or_default()),
        None => query.to_owned(),
    }
}

/// Returns the start of the value of the first target.
fn start_of_target(query: &str) -> Option<usize> {
    let mut start = 0;
    for parameter in query.split('&') {
        let key = parameter.split('=').next().unwrap_or_default();
        if is_target(key) {
            return Some((start + key.len() + 1).min(query.len()));
        }
        start += parameter.len() + 1;
    }
    None
}

/// Returns whether `/probe` reads the key as `target`, which can be percent-encoded.
fn is_target(key: &str) -> bool {
    query_pairs(key).any(|(key, _)| key == "target")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn possible_passwords_are_not_logged() {
        for (uri, expected) in [
            ("/metrics", "/metrics"),
            ("/metrics?a=b@c&d", "/metrics?a=b@c&d"),
            ("/probe?target=host:80", "/probe?target=host:80"),
            ("/probe?target", "/probe?target"),
            ("/probe?target=", "/probe?target="),
            ("/probe?target=http://u:p@host/a", "/probe?target=***@host/a"),
            ("/probe?module=m&target=u:p@host&x=y", "/probe?module=m&target=***@host&x=y"),
            ("/probe?target=http%3A%2F%2Fu%3Ap%40host", "/probe?target=***@host"),
            ("/probe?t%61rget=u:p@host", "/probe?t%61rget=***@host"),
            ("/probe?target=a@b&target=u:p@c", "/probe?target=***@c"),
            ("/probe?target=http://u:p&q@p%40@host", "/probe?target=***@host"),
            ("/probe?target=u:@p%40host", "/probe?target=***@host"),
            ("http://u:p@host/metrics?a=b", "/metrics?a=b"),
            ("http://u:p@host", "/"),
            ("u:p@host:80", ""),
        ] {
            assert_eq!(without_passwords(&uri.parse().unwrap()), expected, "{uri}");
        }
    }
}
