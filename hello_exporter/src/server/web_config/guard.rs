//! Stands in front of every request: how many there may be, and who may ask.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

use super::auth::Credentials;
use super::comparison::compare;
use super::rate_limit::Limits;
use super::{Settings, WebConfig};
use crate::server::http::{is_health, plain, request_limits};

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Unauthorized,
    TooManyRequests,
}

/// Answers a request, or refuses it, and sets the headers that were configured. Without a configuration
/// everything is answered that is not too large.
pub(crate) async fn guard<B: MessageBody + 'static>(
    config: Option<Arc<WebConfig>>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let settings = config.as_ref().map(|config| (&**config, config.settings()));
    let mut refusal = request_limits::refusal(request.head());
    if let (None, Some((config, settings))) = (&refusal, &settings) {
        refusal = self::refusal(config, settings, &request).await.map(Refusal::response);
    }
    let mut response = match refusal {
        Some(refusal) => request.into_response(refusal).map_into_right_body(),
        None => next.call(request).await?.map_into_left_body(),
    };
    for (name, value) in settings.iter().flat_map(|(_, settings)| &settings.headers) {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    Ok(response)
}

/// The rate limit comes first, so that it holds for passwords as well.
async fn refusal(
    config: &WebConfig,
    settings: &Arc<Settings>,
    request: &ServiceRequest,
) -> Option<Refusal> {
    if is_health(request.path()) {
        return None;
    }
    let users = &settings.users;
    let credentials = Credentials::of(request.headers()).filter(|_| !users.is_empty());
    let is_remembered = credentials.as_ref().is_some_and(|given| users.remembers(given));
    let take = |limits: &Limits| match is_remembered {
        true => limits.take_remembered(),
        false => limits.take(host(request)),
    };
    if settings.limits.as_ref().is_some_and(|limits| !take(limits)) {
        return Some(Refusal::TooManyRequests);
    }
    if users.is_empty() || is_remembered {
        return None;
    }
    let Some(credentials) = credentials else { return Some(Refusal::Unauthorized) };
    match compare(users, &config.turns, host(request), credentials).await {
        Some(true) => None,
        Some(false) => Some(Refusal::Unauthorized),
        None => Some(Refusal::TooManyRequests),
    }
}

/// `None` for a client without an IP address, which is on this machine.
fn host(request: &ServiceRequest) -> Option<IpAddr> {
    request.peer_addr().map(|address| address.ip())
}

impl Refusal {
    /// Returns what Go's `http.Error` writes.
    fn response(self) -> HttpResponse {
        let (status, line) = match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "Unauthorized"),
            Self::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
        };
        let mut response = plain(status, line);
        if self == Self::Unauthorized {
            let scheme = HeaderValue::from_static("Basic");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
