//! Where servers are.

use std::fmt;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::{Login, LoginError};

/// A scheme that URLs of servers have.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    name: &'static str,
    port: u16,
    is_tls: bool,
}

impl Scheme {
    /// One of connections without TLS: `redis`, and the port of URLs that name none. The name is in lower case.
    pub const fn plain(name: &'static str, port: u16) -> Self {
        Self { name, port, is_tls: false }
    }

    /// One of connections over TLS, such as `rediss`.
    pub const fn tls(name: &'static str, port: u16) -> Self {
        Self { name, port, is_tls: true }
    }
}

/// Where a server is, in the form in which addresses are compared: host in lower case, port, and whether it speaks TLS.
///
/// ```
/// use hello_exporter::client::{Address, Scheme};
///
/// const SCHEMES: [Scheme; 2] = [Scheme::plain("redis", 6379), Scheme::tls("rediss", 6379)];
///
/// let (address, login) = Address::parse("redis://me:secret@Example.com", &SCHEMES)?;
/// assert_eq!((address.host(), address.port(), address.is_tls()), ("example.com", 6379, false));
/// assert_eq!((login.user(), login.password()), (Some("me"), Some("secret")));
///
/// let (same, _) = Address::parse("example.com:6379", &SCHEMES)?;
/// assert_eq!(same, address);
/// let error = Address::parse("http://example.com", &SCHEMES).unwrap_err();
/// assert_eq!(error.to_string(), "no URL of a server, such as redis://localhost:6379");
/// # Ok::<(), hello_exporter::client::LoginError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    host: String,
    port: u16,
    is_tls: bool,
}

impl Address {
    /// Where the server of a URL is, and as whom the URL says to ask it. Without a scheme it is of the first one. What
    /// follows the port does not matter here.
    ///
    /// Addresses are compared as they are written: `localhost` and `127.0.0.1` are two.
    ///
    /// # Errors
    ///
    /// [`LoginError::Url`] where there is another scheme, or no host.
    pub fn parse(url: &str, schemes: &[Scheme]) -> Result<(Self, Login), LoginError> {
        parse(url, schemes).ok_or_else(|| {
            let example = schemes.first().map(|it| format!("{}://localhost:{}", it.name, it.port));
            LoginError::Url { example: example.unwrap_or_default() }
        })
    }

    /// Name or address of the host, in lower case and without brackets; with its zone,
    /// `fe80::1%eth0`, if it has one.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Name or address of the host without a zone, which is no matter of the server and its
    /// certificate.
    pub(super) fn name(&self) -> &str {
        let ipv6 = self.host.split_once('%').filter(|(address, _)| address.contains(':'));
        ipv6.map_or(&*self.host, |(address, _)| address)
    }

    /// The port, which may be that of the scheme.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether connections are over TLS.
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }
}

/// As `host:port`, with brackets around an IPv6 address.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        match host.contains(':') {
            true => write!(formatter, "[{host}]:{port}"),
            false => write!(formatter, "{host}:{port}"),
        }
    }
}

fn parse(url: &str, schemes: &[Scheme]) -> Option<(Address, Login)> {
    let (scheme, rest) = match url.split_once("://") {
        Some((name, rest)) => (schemes.iter().find(|it| name.eq_ignore_ascii_case(it.name))?, rest),
        None => (schemes.first()?, url),
    };
    let (rest, zone) = without_zone(rest);
    // The ports of the schemes that are known to the library would get lost.
    let url = Url::parse(&format!("server://{rest}")).ok()?;
    let host = match url.host()? {
        Host::Domain(name) => name.to_ascii_lowercase(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string() + &zone,
    };
    let address = Address { host, port: url.port().unwrap_or(scheme.port), is_tls: scheme.is_tls };
    let login = Login::of(decoded(url.username())?, decoded(url.password().unwrap_or_default())?);
    (!address.host.is_empty()).then_some((address, login))
}

/// Takes the zone out of an IPv6 address, since URL parsers do not know zones: `%eth0` of
/// `[fe80::1%25eth0]`, or of `[fe80::1%eth0]`.
fn without_zone(rest: &str) -> (String, String) {
    let split = || {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let start = rest.get(..end)?.rfind('@').map_or(0, |at| at + 1);
        let (before, host) = (rest.get(..start)?, rest.get(start..)?);
        let (address, zone) = host.strip_prefix('[')?.split_once('%')?;
        let (zone, port) = zone.split_once(']').filter(|(zone, _)| !zone.is_empty())?;
        let zone = zone.strip_prefix("25").filter(|zone| !zone.is_empty()).unwrap_or(zone);
        Some((format!("{before}[{address}]{port}"), format!("%{zone}")))
    };
    split().unwrap_or_else(|| (rest.to_owned(), String::new()))
}

fn decoded(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Address, Scheme};

    const SCHEMES: [Scheme; 3] =
        [Scheme::plain("redis", 6379), Scheme::tls("rediss", 6380), Scheme::plain("http", 9200)];

    fn address(url: &str) -> Option<(String, u16, bool)> {
        let (address, _) = Address::parse(url, &SCHEMES).ok()?;
        Some((address.host().to_owned(), address.port(), address.is_tls()))
    }

    #[test]
    fn an_address_is_host_port_and_tls() {
        for (url, host, port, is_tls) in [
            ("redis://h", "h", 6379, false),
            ("H:1", "h", 1, false),
            ("h", "h", 6379, false),
            ("REDISS://h", "h", 6380, true),
            ("rediss://h:1/0?x#insecure", "h", 1, true),
            ("redis://[::1]:1", "::1", 1, false),
            ("[0:0::1]", "::1", 6379, false),
            ("http://h", "h", 9200, false),
            ("http://h:80", "h", 80, false),
            ("redis://a%23@h", "h", 6379, false),
            ("[FE80::1%25Eth0]:1", "fe80::1%Eth0", 1, false),
            ("redis://:x%5B%23@[fe80::1%eth0]/0?x", "fe80::1%eth0", 6379, false),
        ] {
            assert_eq!(address(url), Some((host.to_owned(), port, is_tls)), "{url}");
        }
        for url in [
            "",
            "redis://",
            "redis://:1",
            "https://h",
            "unix:///x",
            "h:port",
            "h:65536",
            "a b",
            "[::1",
            "redis://a:%ff@h",
            "/h",
            "[fe80::1%]",
            "fe80::1%eth0",
        ] {
            assert_eq!(address(url), None, "{url}");
        }
        assert!(Address::parse("h", &[]).is_err());
    }

    #[test]
    fn an_address_is_told_without_anything_beside() {
        let told = |url| Address::parse(url, &SCHEMES).unwrap().0.to_string();
        assert_eq!(told("rediss://me:secret@H/0"), "h:6380");
        assert_eq!(told("[::1]"), "[::1]:6379");
        assert_eq!(told("[fe80::1%25eth0]"), "[fe80::1%eth0]:6379");
        assert_eq!(Address::parse("[fe80::1%25eth0]", &SCHEMES).unwrap().0.name(), "fe80::1");
    }

    #[test]
    fn user_and_password_of_a_url_are_decoded() {
        let login = |url| Address::parse(url, &SCHEMES).unwrap().1;
        let of_both = login("redis://a%40b:%3A%2F@h");
        assert_eq!((of_both.user(), of_both.password()), (Some("a@b"), Some(":/")));
        let of_password = login("redis://:x@h");
        assert_eq!((of_password.user(), of_password.password()), (None, Some("x")));
        let of_none = login("redis://:@h");
        assert_eq!((of_none.user(), of_none.password()), (None, None));
    }
}
