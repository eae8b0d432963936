//! Checks every request before the services do: size, rate limit, password.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

use super::auth::BasicCredentials;
use super::comparison::compare;
use super::rate_limit::RateLimiter;
use super::{WebConfig, WebSettings};
use crate::server::http::{is_health, plain, request_limits};

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Unauthorized,
    TooManyRequests,
}

/// Handles a request, or refuses it, and sets the configured headers. Without a configuration, only
/// requests that are too large are refused.
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

/// Returns why a request is refused. The rate limit comes first, so that it limits attempts to log
/// in as well.
async fn refusal(
    config: &WebConfig,
    settings: &WebSettings,
    request: &ServiceRequest,
) -> Option<Refusal> {
    if is_health(request.path()) {
        return None;
    }
    let users = &settings.users;
    let credentials = BasicCredentials::of(request.headers()).filter(|_| !users.is_empty());
    let is_cached = credentials.as_ref().is_some_and(|given| users.is_cached(given));
    let admits = |limiter: &RateLimiter| {
        if is_cached { limiter.admit_cached() } else { limiter.admit(host(request)) }
    };
    if settings.rate_limiter.as_ref().is_some_and(|limiter| !admits(limiter)) {
        return Some(Refusal::TooManyRequests);
    }
    if users.is_empty() || is_cached {
        return None;
    }
    let Some(credentials) = credentials else { return Some(Refusal::Unauthorized) };
    match compare(users, &config.bcrypt_queue, host(request), credentials).await {
        Some(true) => None,
        Some(false) => Some(Refusal::Unauthorized),
        None => Some(Refusal::TooManyRequests),
    }
}

/// Returns the address of the client; `None` over a Unix socket.
fn host(request: &ServiceRequest) -> Option<IpAddr> {
    request.peer_addr().map(|address| address.ip())
}

impl Refusal {
    /// Returns the response that Go's `http.Error` writes.
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
