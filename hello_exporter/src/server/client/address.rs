//! Parses the URLs of servers.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::{Credentials, CredentialsError};

/// A URL scheme of the servers that an exporter connects to.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    name: &'static str,
    transport: SchemeTransport,
}

/// How to connect to the servers of a scheme.
#[derive(Clone, Copy, Debug)]
enum SchemeTransport {
    Tcp { port: u16, is_tls: bool },
    Unix,
}

impl Scheme {
    /// Creates a scheme for TCP without TLS, such as `redis`. Its URLs without a port get `port`.
    /// Write `name` in lower case.
    pub const fn plain(name: &'static str, port: u16) -> Self {
        Self { name, transport: SchemeTransport::Tcp { port, is_tls: false } }
    }

    /// Creates a scheme for TLS, such as `rediss`.
    pub const fn tls(name: &'static str, port: u16) -> Self {
        Self { name, transport: SchemeTransport::Tcp { port, is_tls: true } }
    }

    /// Creates a scheme for Unix sockets, such as `unix`: the path of the socket follows `unix://`.
    pub const fn unix(name: &'static str) -> Self {
        Self { name, transport: SchemeTransport::Unix }
    }

    /// Returns a URL of this scheme, for messages.
    fn example(self) -> String {
        match self.transport {
            SchemeTransport::Tcp { port, .. } => format!("{}://localhost:{port}", self.name),
            SchemeTransport::Unix => format!("{}:///run/server.sock", self.name),
        }
    }
}

/// The address of a server: its host in lower case, its port, and whether it speaks TLS; or the
/// path of its Unix socket.
///
/// ```
/// use hello_exporter::client::{Address, Scheme};
/// use std::path::Path;
///
/// const SCHEMES: [Scheme; 3] =
///     [Scheme::plain("redis", 6379), Scheme::tls("rediss", 6379), Scheme::unix("unix")];
///
/// let (address, credentials) = Address::parse("redis://me:secret@Example.com", &SCHEMES)?;
/// assert_eq!((address.host(), address.port(), address.is_tls()), ("example.com", 6379, false));
/// assert_eq!((credentials.user(), credentials.password()), (Some("me"), Some("secret")));
///
/// let (same, _) = Address::parse("example.com:6379", &SCHEMES)?;
/// assert_eq!(same, address);
/// let (socket, _) = Address::parse("unix:///run/redis.sock", &SCHEMES)?;
/// assert_eq!(socket.path(), Some(Path::new("/run/redis.sock")));
/// let error = Address::parse("http://example.com", &SCHEMES).unwrap_err();
/// assert_eq!(error.to_string(), "expected the URL of a server, e.g. redis://localhost:6379");
/// # Ok::<(), hello_exporter::client::CredentialsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Endpoint);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Endpoint {
    Tcp { host: String, port: u16, is_tls: bool },
    Unix(PathBuf),
}

impl Address {
    /// Parses the URL of a server into its address and the credentials in it. A URL without a
    /// scheme gets the first of `schemes`. Everything after the port is ignored.
    ///
    /// The path of a Unix socket is taken literally, without escapes. A user and a password may
    /// precede it: `unix://user:password@/run/redis.sock`.
    ///
    /// Addresses are compared without resolving names: `localhost` and `127.0.0.1` differ.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialsError::Url`] for a scheme that is not in `schemes`, and for a URL that
    /// is invalid, or has no host or path.
    pub fn parse(url: &str, schemes: &[Scheme]) -> Result<(Self, Credentials), CredentialsError> {
        parse(url, schemes).ok_or_else(|| {
            let example = schemes.first().map(|scheme| scheme.example());
            CredentialsError::Url { example: example.unwrap_or_default() }
        })
    }

    /// Returns the name or address of the host, in lower case and without brackets. An IPv6 address
    /// keeps its zone, in its own case: `fe80::1%eth0`. For a Unix socket, the host is empty.
    pub fn host(&self) -> &str {
        match &self.0 {
            Endpoint::Tcp { host, .. } => host,
            Endpoint::Unix(_) => "",
        }
    }

    /// Returns the name or address of the host without its zone, which no certificate contains.
    pub(super) fn name(&self) -> &str {
        let ipv6 = self.host().split_once('%').filter(|(address, _)| address.contains(':'));
        ipv6.map_or(self.host(), |(address, _)| address)
    }

    /// Returns the port of the URL or else of the scheme; 0 for a Unix socket.
    pub fn port(&self) -> u16 {
        match self.0 {
            Endpoint::Tcp { port, .. } => port,
            Endpoint::Unix(_) => 0,
        }
    }

    /// Returns whether connections are over TLS.
    pub fn is_tls(&self) -> bool {
        matches!(self.0, Endpoint::Tcp { is_tls: true, .. })
    }

    /// Returns the path of a Unix socket, `None` for a host.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Endpoint::Tcp { .. } => None,
            Endpoint::Unix(path) => Some(path),
        }
    }
}

/// Writes `host:port`, with brackets around an IPv6 address, or the path of a Unix socket.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Endpoint::Tcp { host, port, .. } if host.contains(':') => {
                write!(formatter, "[{host}]:{port}")
            }
            Endpoint::Tcp { host, port, .. } => write!(formatter, "{host}:{port}"),
            Endpoint::Unix(path) => write!(formatter, "{}", path.display()),
        }
    }
}

fn parse(url: &str, schemes: &[Scheme]) -> Option<(Address, Credentials)> {
    let (scheme, rest) = match url.split_once("://") {
        Some((name, rest)) => (schemes.iter().find(|it| name.eq_ignore_ascii_case(it.name))?, rest),
        None => (schemes.first()?, url),
    };
    match scheme.transport {
        SchemeTransport::Tcp { port, is_tls } => parse_tcp(rest, port, is_tls),
        SchemeTransport::Unix => parse_unix(rest),
    }
}

fn parse_tcp(rest: &str, default_port: u16, is_tls: bool) -> Option<(Address, Credentials)> {
    let (rest, zone) = split_zone(rest);
    // `Url` drops the default port of a scheme that it knows. It does not know `server`.
    let url = Url::parse(&format!("server://{rest}")).ok()?;
    let host = match url.host()? {
        Host::Domain(name) => name.to_ascii_lowercase(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string() + &zone,
    };
    let is_host = !host.is_empty();
    let endpoint = Endpoint::Tcp { host, port: url.port().unwrap_or(default_port), is_tls };
    let credentials = credentials(url.username(), url.password().unwrap_or_default())?;
    is_host.then_some((Address(endpoint), credentials))
}

fn parse_unix(rest: &str) -> Option<(Address, Credentials)> {
    let (user_info, path) = match rest.split_once('@') {
        Some((before, path)) if !before.contains('/') && path.starts_with('/') => (before, path),
        _ => ("", rest),
    };
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let credentials = credentials(user, password)?;
    (!path.is_empty()).then(|| (Address(Endpoint::Unix(path.into())), credentials))
}

fn credentials(user: &str, password: &str) -> Option<Credentials> {
    Some(Credentials::new(&*decode(user)?, &*decode(password)?))
}

/// Cuts the zone, such as `eth0` in `[fe80::1%25eth0]` or `[fe80::1%eth0]`, out of an IPv6 address,
/// since `Url` accepts no zones. Returns the rest, and the zone with a `%`, if there is one.
fn split_zone(rest: &str) -> (String, String) {
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

fn decode(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::{Address, Scheme};

    const SCHEMES: [Scheme; 4] = [
        Scheme::plain("redis", 6379),
        Scheme::tls("rediss", 6380),
        Scheme::plain("http", 9200),
        Scheme::unix("unix"),
    ];

    fn address(url: &str) -> Option<(String, u16, bool)> {
        let (address, _) = Address::parse(url, &SCHEMES).ok()?;
        Some((address.host().to_owned(), address.port(), address.is_tls()))
    }

    #[test]
    fn tcp_url_is_parsed_into_host_port_and_tls() {
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
            "://h",
            "unix://",
            "unix://%ff@/x",
            "h:port",
            "redis://h:6379-",
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
        let unix = Address::parse("h", &[Scheme::unix("unix")]);
        assert!(unix.is_ok_and(|(address, _)| address.path() == Some("h".as_ref())));
    }

    #[test]
    fn unix_url_is_parsed_into_a_path() {
        for (url, path, user, password) in [
            ("unix:///run/redis.sock", "/run/redis.sock", None, None),
            ("UNIX:///Run/a b%20c?d#e", "/Run/a b%20c?d#e", None, None),
            ("unix://redis.sock", "redis.sock", None, None),
            ("unix:///run/a@b", "/run/a@b", None, None),
            ("unix://run/a@b", "run/a@b", None, None),
            ("unix://me:x%40y@/run/a@b", "/run/a@b", Some("me"), Some("x@y")),
            ("unix://:secret@/x", "/x", None, Some("secret")),
        ] {
            let (address, credentials) = Address::parse(url, &SCHEMES).unwrap();
            assert_eq!(address.path(), Some(path.as_ref()), "{url}");
            assert_eq!((credentials.user(), credentials.password()), (user, password), "{url}");
            assert_eq!((address.host(), address.port(), address.is_tls()), ("", 0, false));
            assert_eq!(address.to_string(), path);
        }
        assert_eq!(Address::parse("h", &SCHEMES).unwrap().0.path(), None);
    }

    #[test]
    fn address_is_displayed_without_scheme_and_credentials() {
        let displayed = |url| Address::parse(url, &SCHEMES).unwrap().0.to_string();
        assert_eq!(displayed("rediss://me:secret@H/0"), "h:6380");
        assert_eq!(displayed("[::1]"), "[::1]:6379");
        assert_eq!(displayed("[fe80::1%25eth0]"), "[fe80::1%eth0]:6379");
        assert_eq!(Address::parse("[fe80::1%25eth0]", &SCHEMES).unwrap().0.name(), "fe80::1");
    }

    #[test]
    fn credentials_of_a_url_are_decoded() {
        let credentials = |url| Address::parse(url, &SCHEMES).unwrap().1;
        let both = credentials("redis://a%40b:%3A%2F@h");
        assert_eq!((both.user(), both.password()), (Some("a@b"), Some(":/")));
        let password = credentials("redis://:x@h");
        assert_eq!((password.user(), password.password()), (None, Some("x")));
        let user = credentials("redis://me@h");
        assert_eq!((user.user(), user.password()), (Some("me"), None));
        let none = credentials("redis://:@h");
        assert_eq!((none.user(), none.password()), (None, None));
    }
}
