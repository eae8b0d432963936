//! Targets of probes: URLs, with the IPv6 zones that URL parsers do not accept, and `host:port`.

use std::fmt;

use reqwest::Url;

/// A target that cannot be probed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("expected `host:port` or `[ipv6]:port`")]
    Address,
    #[error("invalid URL")]
    Url(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("URL of scheme `{0}`, expected `http` or `https`")]
    Scheme(String),
    #[error("URL with a user name or a password")]
    UserInfo,
}

/// An HTTP URL, and separately the zone of its host, because the URL parsers of browsers do not
/// accept `[fe80::1%25eth0]`.
#[derive(Debug)]
pub(crate) struct HttpTarget {
    pub(crate) url: Url,
    pub(crate) zone: Option<String>,
}

impl HttpTarget {
    /// Reads a URL, or `host:port/path` for `http://host:port/path`.
    pub(crate) fn parse(target: &str) -> Result<Self, TargetError> {
        let (target, zone) = match has_scheme(target) {
            true => without_zone(target),
            false => without_zone(&format!("http://{target}")),
        };
        let url = Url::parse(&target).map_err(|error| TargetError::Url(error.into()))?;
        Self { url, zone }.checked()
    }

    /// Reads the `Location` of a redirect as
    /// [browsers](https://fetch.spec.whatwg.org/#concept-response-location-url) and Go do: relative
    /// to the URL that redirects, with bytes that are not ASCII percent-encoded.
    pub(crate) fn join(&self, location: &[u8]) -> Result<Self, TargetError> {
        let encode = |byte: &u8| match byte {
            0..0x80 => char::from(*byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        let (location, zone) = without_zone(&location.iter().map(encode).collect::<String>());
        let url = self.url.join(&location).map_err(|error| TargetError::Url(error.into()))?;
        // A location with the same host keeps the zone.
        let is_same = url.host() == self.url.host();
        let zone = zone.or_else(|| self.zone.clone().filter(|_| is_same));
        Self { url, zone }.checked()
    }

    fn checked(self) -> Result<Self, TargetError> {
        if !["http", "https"].contains(&self.url.scheme()) {
            return Err(TargetError::Scheme(self.url.scheme().to_owned()));
        }
        let has_userinfo = !self.url.username().is_empty() || self.url.password().is_some();
        if has_userinfo { Err(TargetError::UserInfo) } else { Ok(self) }
    }
}

/// Writes the URL with its zone.
impl fmt::Display for HttpTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.zone, self.url.as_str().split_once(']')) {
            (Some(zone), Some((address, rest))) => {
                write!(formatter, "{address}%25{zone}]{rest}")
            }
            _ => formatter.write_str(self.url.as_str()),
        }
    }
}

/// Returns whether a target is a URL. `host:port/?next=http://x/` is not.
fn has_scheme(target: &str) -> bool {
    let scheme = target.split_once("://").map_or("", |(scheme, _)| scheme);
    let is_accepted = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(is_accepted)
}

/// Takes the zone out of the host of a URL, or of a relative one that begins with `//`.
fn without_zone(url: &str) -> (String, Option<String>) {
    let split = || {
        let (scheme, rest) = url.split_once("//")?;
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (address, zone) = authority.strip_prefix('[')?.split_once('%')?;
        let (zone, port) = zone.split_once(']')?;
        let is_start = scheme.is_empty() || scheme.ends_with(':') && has_scheme(url);
        (is_start && !zone.is_empty())
            .then(|| (format!("{scheme}//[{address}]{port}{tail}"), decoded(zone)))
    };
    split().map_or_else(|| (url.to_owned(), None), |(url, zone)| (url, Some(zone)))
}

/// Returns `eth0` for `25eth0`: a zone is `%25eth0` in a URL (RFC 6874) and `%eth0` elsewhere.
fn decoded(zone: &str) -> String {
    zone.strip_prefix("25").filter(|zone| !zone.is_empty()).unwrap_or(zone).to_owned()
}

/// Reads `host:port` or `[ipv6%zone]:port`. Returns the host in the form that the system resolves.
pub(crate) fn address(target: &str) -> Result<(String, u16), TargetError> {
    let split = || {
        let (host, port) = target.rsplit_once(':')?;
        let host = match host.strip_prefix('[') {
            Some(ipv6) => ipv6.strip_suffix(']')?,
            None => Some(host).filter(|host| !host.contains(':'))?,
        };
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        Some((host, port.parse().ok().filter(|_| is_number)?))
    };
    let (host, port) = split().ok_or(TargetError::Address)?;
    let host = match host.split_once('%').filter(|(address, _)| address.contains(':')) {
        Some((address, zone)) => format!("{address}%{}", decoded(zone)),
        None => host.to_owned(),
    };
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(result: Result<HttpTarget, TargetError>) -> String {
        result.map_or_else(|error| error.to_string(), |target| target.to_string())
    }

    #[test]
    fn target_is_a_url_or_a_host() {
        for (target, expected) in [
            ("host", "http://host/"),
            ("host:81/a b?c d", "http://host:81/a%20b?c%20d"),
            ("HTTP://Host:80", "http://host/"),
            ("https://host/a\\b", "https://host/a/b"),
            ("host:81/?next=http://x/", "http://host:81/?next=http://x/"),
            ("host/http://x/", "http://host/http://x/"),
            ("http://host/é", "http://host/%C3%A9"),
            ("[::1]:81", "http://[::1]:81/"),
            ("[fe80::1%25eth0]:81", "http://[fe80::1%25eth0]:81/"),
            ("http://[fe80::1%eth0]:81/x", "http://[fe80::1%25eth0]:81/x"),
            ("https://[fe80::1%252]/x[%25y]", "https://[fe80::1%252]/x[%25y]"),
            ("host/[%25x]", "http://host/[%25x]"),
            ("gopher://host/", "URL of scheme `gopher`, expected `http` or `https`"),
            ("http:host", "invalid URL"),
            ("[fe80::1%]:80", "invalid URL"),
            ("fe80::1%eth0", "invalid URL"),
            ("http://", "invalid URL"),
        ] {
            assert_eq!(read(HttpTarget::parse(target)), expected, "{target}");
        }
    }

    #[test]
    fn location_is_relative_to_the_redirecting_url() {
        let base = HttpTarget::parse("http://[fe80::1%25eth0]:81/a/b?c").unwrap();
        for (location, expected) in [
            ("/x", "http://[fe80::1%25eth0]:81/x"),
            ("//[fe80::2%25eth1]/x", "http://[fe80::2%25eth1]/x"),
            ("//[fe80::1]/x", "http://[fe80::1%25eth0]/x"),
            ("//[fe80::2]/x", "http://[fe80::2]/x"),
            ("//host/[x%25y]", "http://host/[x%25y]"),
            ("https://[fe80::1%eth2]/", "https://[fe80::1%25eth2]/"),
            ("http://user@host/", "URL with a user name or a password"),
        ] {
            assert_eq!(read(base.join(location.as_bytes())), expected, "{location}");
        }
    }

    #[test]
    fn address_is_host_and_port() {
        for (target, host, port) in [
            ("host:80", "host", 80),
            ("127.0.0.1:1", "127.0.0.1", 1),
            ("[::1]:80", "::1", 80),
            ("[fe80::1%eth0]:80", "fe80::1%eth0", 80),
            ("[fe80::1%25eth0]:80", "fe80::1%eth0", 80),
        ] {
            assert_eq!(address(target).unwrap(), (host.to_owned(), port), "{target}");
        }
        for target in
            ["host", "host:", "host:port", "host:+1", "host:65536", "::1", "[::1]", "host:80/x"]
        {
            assert!(address(target).is_err(), "{target}");
        }
    }
}
