//! When a request came, and, for whoever debugs, a line of the log.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
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
    let uri = without_passwords(request.uri());
    let peer = request.peer_addr().map(tracing::field::display);
    let response = next.call(request).await?;
    let status = response.status().as_u16();
    debug!(peer, %method, %uri, status, duration = ?started.elapsed(), "Answered");
    Ok(response)
}

/// Path and query. The authority of an absolute form can have a password in it, and so can a target that a
/// query names (RFC 3986, 3.2.1), which is refused, and would be in the log nevertheless.
fn without_passwords(uri: &Uri) -> String {
    let path = uri.path();
    match uri.query() {
        Some(query) => format!("{path}?{}", without_user_information(query)),
        None => path.to_owned(),
    }
}

/// A query from whose first target on nothing is left before an `@`. That takes more than a user name and a
/// password at times, and never less: a password may have any character in it, `&` and `@` as well.
fn without_user_information(query: &str) -> String {
    let Some(start) = target(query) else { return query.to_owned() };
    let (before, value) = query.split_at(start);
    let ends = ["@", "%40"].map(|at| value.rfind(at).map(|start| start + at.len()));
    match ends.into_iter().max().flatten() {
        Some(end) => format!("{before}***@{}", value.get(end..).unwrap_or_default()),
        None => query.to_owned(),
    }
}

/// Where the value of the first target begins.
fn target(query: &str) -> Option<usize> {
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

/// Whether this is what `/probe` takes for a target: a key can be written with escapes.
fn is_target(key: &str) -> bool {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(key);
    pairs.is_ok_and(|pairs| pairs.iter().any(|(key, _)| key == "target"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_request_nothing_is_logged_that_can_be_a_password() {
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
