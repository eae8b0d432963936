//! The URL of a Pushgateway.

use std::net::Ipv6Addr;

use ureq::http::Uri;

use super::PushError;

/// The URL of a Pushgateway, with its base path, without a slash at the end.
#[derive(Clone, Debug)]
pub(super) struct GatewayUrl {
    pub(super) text: String,
    pub(super) is_https: bool,
}

impl GatewayUrl {
    /// Parses `host:port`, or a URL with the scheme `http` or `https`.
    pub(super) fn parse(text: &str) -> Result<Self, PushError> {
        if text.contains('@') {
            return Err(PushError::UserInUrl);
        }
        if text.contains(['?', '#']) {
            return Err(invalid("it has a query or a fragment"));
        }
        let text = match text.contains("://") {
            true => text.trim_end_matches('/').to_owned(),
            false => format!("http://{}", text.trim_end_matches('/')),
        };
        let uri: Uri = text.parse().map_err(|error| invalid(format!("{error}")))?;
        check_authority(&uri)?;
        match uri.scheme_str() {
            Some("http") => Ok(Self { text, is_https: false }),
            Some("https") => Ok(Self { text, is_https: true }),
            _ => Err(invalid("its scheme is neither `http` nor `https`")),
        }
    }
}

fn check_authority(uri: &Uri) -> Result<(), PushError> {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let in_brackets = uri.host().and_then(|host| host.strip_prefix('[')?.strip_suffix(']'));
    if in_brackets.is_some_and(|address| address.parse::<Ipv6Addr>().is_err()) {
        return Err(invalid("its host is not an IPv6 address"));
    }
    match uri.host().and_then(|host| authority.strip_prefix(host).filter(|_| !host.is_empty())) {
        None => Err(invalid("it has no host")),
        Some("") => Ok(()),
        // ureq would use the default port instead.
        Some(port) if !is_port(port) => Err(invalid("its port is not a number below 65536")),
        Some(_) => Ok(()),
    }
}

/// Returns whether this text after a host is a port. `Uri` ignores a text before the colon.
fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':').filter(|it| it.bytes().all(|it| it.is_ascii_digit()));
    digits.is_some_and(|digits| digits.parse::<u16>().is_ok())
}

fn invalid(reason: impl Into<String>) -> PushError {
    PushError::Url { reason: reason.into() }
}
