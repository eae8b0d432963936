//! Patterns of targets.
//!
//! Clients read the text of a target differently: a URL parser removes `..` from a path and reads
//! `2130706433` as the address 127.0.0.1, and another client may not. So a target has two readings,
//! as written and as browsers read it, and both have to match.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use regex_lite::{Regex, escape};
use url::{Host, Position, Url};

use super::{check, split_scheme};

/// A pattern of the targets that `--probe.allow-target` allows. `*` matches any number of ASCII
/// letters, digits, `-` and `_`, so at most one part of a host name or an address. `**` matches any
/// text, and every other character matches itself.
///
/// ```
/// use hello_exporter::probe::TargetPattern;
///
/// let pattern: TargetPattern = "http://*.example.com/**".parse()?;
/// assert!(pattern.matches("http://www.example.com/status?full=1"));
/// assert!(!pattern.matches("http://internal/?x=.example.com/"));
///
/// let pattern: TargetPattern = "http://www.example.com/public/**".parse()?;
/// assert!(!pattern.matches("http://www.example.com/public/../secret"));
/// # Ok::<(), hello_exporter::probe::ParsePatternError>(())
/// ```
///
/// Scheme and host may be written in upper or lower case, and with or without the port that `http`
/// and `https` have by default; `http://host` is `http://host/`. The zone of an IPv6 address,
/// `[fe80::1%eth0]`, may be written as in URLs, `[fe80::1%25eth0]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetPattern {
    text: String,
    /// One expression for each of the [`readings`].
    readings: [Expression; 2],
}

/// A regular expression, which is compared by its text.
#[derive(Clone, Debug)]
struct Expression(Regex);

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Expression {}

/// A pattern that matches no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a pattern such as `*.example.com:9100` or `http://10.0.0.*/**`: {0}")]
pub struct ParsePatternError(String);

impl FromStr for TargetPattern {
    type Err = ParsePatternError;

    fn from_str(text: &str) -> Result<Self, ParsePatternError> {
        check(&text.replace('*', "x")).map_err(|error| ParsePatternError(error.to_string()))?;
        let [written, read] = readings(text).map(|reading| Expression::of_pattern(&reading));
        Ok(Self { text: text.to_owned(), readings: [written?, read?] })
    }
}

impl Expression {
    /// Converts a pattern to a regular expression.
    fn of_pattern(mut pattern: &str) -> Result<Self, ParsePatternError> {
        let mut text = String::from(r"\A");
        while let Some(start) = pattern.find('*') {
            let (literal, stars) = pattern.split_at(start);
            pattern = stars.trim_start_matches('*');
            let is_one = stars.len() - pattern.len() == 1;
            text += &escape(literal);
            text += if is_one { "[0-9A-Za-z_-]*" } else { "(?s:.)*" };
        }
        text += &escape(pattern);
        text += r"\z";
        Regex::new(&text).map(Self).map_err(|error| ParsePatternError(error.to_string()))
    }

    fn matches(&self, target: &str) -> bool {
        self.0.is_match(target)
    }
}

impl TargetPattern {
    /// Returns whether the whole target matches.
    pub fn matches(&self, target: &str) -> bool {
        let readings = readings(target);
        self.readings.iter().zip(&readings).all(|(expression, target)| expression.matches(target))
    }
}

/// Returns the two readings of a target or of a pattern: as written, and as browsers read it. Both
/// have scheme and host in lower case, no default port of the scheme, and, if they have a scheme, a
/// path.
fn readings(target: &str) -> [String; 2] {
    let (scheme, rest) = match target.split_once("://") {
        Some((scheme, rest)) if split_scheme(target).is_some_and(|(it, _)| it == scheme) => {
            (scheme.to_ascii_lowercase() + "://", rest)
        }
        _ => (String::new(), target),
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (host, port) = split_port(authority);
    let default_port = match &*scheme {
        "http://" => ":80",
        "https://" => ":443",
        _ => "",
    };
    let port = port.strip_prefix(default_port).filter(|rest| rest.is_empty()).unwrap_or(port);
    // The host `**` matches a path as well.
    let has_path = scheme.is_empty() || tail.starts_with('/') || authority.ends_with("**");
    let tail = if has_path { tail.to_owned() } else { format!("/{tail}") };
    let written = format!("{scheme}{}{port}{tail}", written_host(host));
    let read = format!("{scheme}{}{port}{}", read_host(host), read_tail(&tail));
    [written, read]
}

/// Splits `host:port` before the colon. A text with several colons that has no brackets is an IPv6
/// address without a port.
fn split_port(authority: &str) -> (&str, &str) {
    let bracket = authority.find(']').filter(|_| authority.starts_with('['));
    let colon = authority.find(':').filter(|_| authority.matches(':').count() == 1);
    let end = bracket.map(|at| at + 1).or(colon);
    authority.split_at(end.unwrap_or(authority.len()))
}

/// Splits an IPv6 address before the `%` of its zone. The name of a zone, unlike a host, is
/// case-sensitive.
fn split_zone(host: &str) -> (&str, &str) {
    let percent = host.find('%').filter(|_| host.contains(':'));
    host.split_at(percent.unwrap_or(host.len()))
}

/// Returns `%eth0` for `%25eth0`, the form in URLs
/// ([RFC 6874](https://www.rfc-editor.org/rfc/rfc6874#section-2)).
fn written_zone(zone: &str) -> String {
    let name = zone.strip_prefix("%25").filter(|name| !["", "]"].contains(name));
    name.map_or_else(|| zone.to_owned(), |name| format!("%{name}"))
}

fn written_host(host: &str) -> String {
    let (address, zone) = split_zone(host);
    address.to_ascii_lowercase() + &written_zone(zone)
}

/// Returns a host as [browsers read it](https://url.spec.whatwg.org/#host-parsing): `0x7f.1` is
/// 127.0.0.1.
fn read_host(host: &str) -> String {
    let (address, zone) = split_zone(host);
    let digits = address.trim_start_matches('[').trim_end_matches(']');
    match digits.parse::<Ipv6Addr>() {
        Ok(ipv6) => address.replacen(digits, &ipv6.to_string(), 1) + &written_zone(zone),
        Err(_) => Host::parse(host).map_or_else(|_| written_host(host), |host| host.to_string()),
    }
}

/// Returns path, query and fragment as browsers read them: without `..`, and with `%20` for a
/// space.
fn read_tail(tail: &str) -> String {
    if tail.is_empty() {
        return String::new();
    }
    let url = Url::parse(&format!("http://host{tail}"));
    url.map_or_else(|_| tail.to_owned(), |url| url[Position::BeforePath..].to_owned())
}

impl fmt::Display for TargetPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The patterns of an exporter. An empty list allows every target.
#[derive(Debug, Default)]
pub(crate) struct AllowList(pub(crate) Vec<TargetPattern>);

impl AllowList {
    pub(crate) fn allows(&self, target: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.matches(target))
    }
}

#[cfg(test)]
mod tests {
    use super::super::MAX_BYTES;
    use super::*;

    fn matches(pattern: &str, target: &str) -> bool {
        let pattern: TargetPattern = pattern.parse().unwrap();
        pattern.matches(target)
    }

    #[test]
    fn pattern_matches_the_whole_target() {
        for (pattern, target) in [
            ("host:80", "host:80"),
            ("*", "host"),
            ("*:80", "b-c_d:80"),
            ("*.*.example.com:*", "a.b.example.com:443"),
            ("http://10.0.0.*/**", "http://10.0.0.7/a/b?c=d"),
            ("**", "http://[::1]:80/é"),
            ("a**a*a", "a/aa"),
            ("*a*a*", "aa"),
            ("http://host:80/**", "http://host/good"),
            ("http://host/**", "HTTP://Host:80"),
            ("https://Host/", "https://host:443"),
            ("http://host", "http://host/"),
            ("http://host?x", "http://host/?x"),
            ("http://**", "http://host:81/x"),
        ] {
            assert!(matches(pattern, target), "{pattern} {target}");
        }
        for (pattern, target) in [
            ("host:80", "host:800"),
            ("host:80", "ahost:80"),
            ("*", "host:80"),
            ("*.example.com", "a.b.example.com"),
            ("http://10.0.0.*/**", "http://10.0.0.evil.com/"),
            ("*.example.com", "example.com"),
            ("*.example.com:80", "evil/x.example.com:80"),
            ("http://10.0.0.*/**", "http://10.0.0.1:8080/"),
            ("http://*/**", "http://evil.example?x=/"),
            ("a*", "aé"),
            ("a**b", "a"),
            ("http://host:443/**", "http://host/"),
            ("http://host/**", "http://host:8080/"),
            ("http://host/", "http://host/x"),
        ] {
            assert!(!matches(pattern, target), "{pattern} {target}");
        }
    }

    #[test]
    fn target_has_to_match_as_written_and_as_browsers_read_it() {
        for (pattern, target) in [
            ("http://host/public/**", "http://host/public/a b"),
            ("http://host/a b", "http://host/a b"),
            ("http://host/é", "http://host/é"),
            ("http://host/**", "http://host/a/../b"),
            ("host:80/**", "host:80/?next=http://other/"),
            ("http://host/**", "http://host/?next=http://other/../x"),
            ("*.*.*.*:80", "127.0.0.1:80"),
            ("redis://host/0", "redis://host/0"),
        ] {
            assert!(matches(pattern, target), "{pattern} {target}");
        }
        for (pattern, target) in [
            ("http://host/public/**", "http://host/public/../secret"),
            ("http://host/public/**", "http://host/public/%2e%2E/secret"),
            ("http://host/public/**", "http://host/public\\..\\secret"),
            ("http://host/public/**", "http://host/public/x\\..\\..\\secret"),
            ("http://host/secret", "http://host/public/../secret"),
            ("http://*/**", "http://2130706433/"),
            ("*:80", "2130706433:80"),
            ("*:80", "0x7f000001:80"),
            ("*.*:80", "0x7f.1:80"),
            ("http://other/**", "host:80/?next=http://other/"),
            ("http://**", "host:80/?next=http://other/"),
        ] {
            assert!(!matches(pattern, target), "{pattern} {target}");
        }
    }

    #[test]
    fn zone_of_an_ipv6_address_is_part_of_the_host() {
        for (pattern, target) in [
            ("[fe80::1%eth0]:80", "[fe80::1%25eth0]:80"),
            ("[fe80::1%25eth0]:80", "[FE80::1%eth0]:80"),
            ("http://[fe80::1%25eth0]/**", "http://[fe80::1%25eth0]:80/x"),
            ("http://[fe80::1%25*]/", "http://[fe80::1%25eth0]/"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("fe80::1%eth0", "fe80::1%25eth0"),
            ("[::1]:*", "[::1]:80"),
        ] {
            assert!(matches(pattern, target), "{pattern} {target}");
        }
        for (pattern, target) in [
            ("[fe80::1%eth0]:80", "[fe80::1%25eth1]:80"),
            ("[fe80::1%eth0]:80", "[fe80::1%25ETH0]:80"),
            ("[fe80::1%eth0]:80", "[fe80::1]:80"),
            ("[fe80::1]:80", "[fe80::1%25eth0]:80"),
            ("http://[fe80::1%25eth0]/", "http://[fe80::1%25eth0/]/"),
            ("fe80::1%eth0", "fe80::1%eth1"),
        ] {
            assert!(!matches(pattern, target), "{pattern} {target}");
        }
    }

    #[test]
    fn pattern_that_no_target_can_match_is_refused() {
        let error = "a b".parse::<TargetPattern>().unwrap_err().to_string();
        assert_eq!(
            error,
            "expected a pattern such as `*.example.com:9100` or `http://10.0.0.*/**`: a target must not \
             contain control characters, nor white space or `\\` before its path"
        );
        assert!("".parse::<TargetPattern>().is_err());
        assert!("http://*@host/".parse::<TargetPattern>().is_err());
    }

    #[test]
    fn special_characters_of_expressions_match_themselves() {
        let text = r"host/.+?()[]{}|^$\#&-~ é";
        assert!(matches(text, text) && !matches(text, &text.replace('.', "x")));
        assert!(!matches("host/a", "host/a\n") && !matches("host/**", "host\n/a"));
    }

    #[test]
    fn longest_patterns_are_accepted() {
        for part in ["*x", "é", "**x", "x"] {
            let text = part.repeat(MAX_BYTES / part.len());
            assert!(text.parse::<TargetPattern>().is_ok(), "{part}");
        }
    }
}
