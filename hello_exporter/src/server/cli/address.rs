//! The addresses on which an exporter listens.

use std::fmt;
use std::io;
use std::net::{TcpListener, ToSocketAddrs};
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::server::connection::Listener;
#[cfg(unix)]
use crate::server::connection::SocketFile;

/// An address to listen on: a host and a port; without a host, all addresses of this machine. Or
/// the path of a Unix socket.
///
/// If the address is in use, the [`ExporterError`](crate::ExporterError) names it.
///
/// ```
/// use hello_exporter::cli::ListenAddress;
///
/// for accepted in ["0.0.0.0:9000", ":9000", "[::]:9000", "localhost:0", "unix:/run/x.sock"] {
///     let address: ListenAddress = accepted.parse()?;
///     assert_eq!(address.to_string(), accepted);
/// }
/// assert!("9000".parse::<ListenAddress>().is_err());
/// # Ok::<(), hello_exporter::cli::ParseAddressError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress(Address);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Address {
    Tcp {
        host: String,
        port: u16,
    },
    #[cfg(unix)]
    Unix(PathBuf),
}

/// An address to listen on is neither of the form `host:port` nor of the form `unix:PATH`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected `host:port`, `:port` or `[ipv6]:port`, with a port from 0 to 65535, or `unix:PATH`"
)]
pub struct ParseAddressError;

impl FromStr for ListenAddress {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, ParseAddressError> {
        #[cfg(unix)]
        if let Some(path) = text.strip_prefix("unix:") {
            let is_file = Path::new(path).file_name().is_some();
            return is_file.then(|| Self(Address::Unix(path.into()))).ok_or(ParseAddressError);
        }
        let (host, port) = text.rsplit_once(':').ok_or(ParseAddressError)?;
        let port = Some(port)
            .filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|port| port.parse().ok())
            .ok_or(ParseAddressError)?;
        if !is_host(host) {
            return Err(ParseAddressError);
        }
        Ok(Self(Address::Tcp { host: host.to_owned(), port }))
    }
}

/// Returns whether `host` is empty, an IPv6 address in brackets, an IPv4 address, or a possible
/// host name.
fn is_host(host: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(ipv6) => ipv6.parse::<std::net::Ipv6Addr>().is_ok(),
        // Only digits and dots: an IPv4 address, or a mistake.
        None if host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
            host.is_empty() || host.parse::<std::net::Ipv4Addr>().is_ok()
        }
        None => host.bytes().all(is_name),
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Address::Tcp { host, port } => write!(formatter, "{host}:{port}"),
            #[cfg(unix)]
            Address::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

impl ListenAddress {
    /// Returns the path of a Unix socket, if it is one.
    #[cfg(unix)]
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.0 {
            Address::Tcp { .. } => None,
            Address::Unix(path) => Some(path),
        }
    }

    /// Listens on the address.
    pub(crate) fn bind(&self) -> io::Result<Listener> {
        match &self.0 {
            Address::Tcp { host, port } => bind(host, *port).map(Listener::Tcp),
            #[cfg(unix)]
            Address::Unix(path) => SocketFile::bind(path).map(Listener::Unix),
        }
    }
}

/// Listens on a host and a port. Without a host, listens on all addresses, IPv6 and IPv4, or IPv4
/// alone on a system without IPv6.
fn bind(host: &str, port: u16) -> io::Result<TcpListener> {
    let hosts: &[&str] = if host.is_empty() { &["::", "0.0.0.0"] } else { &[host] };
    let mut result = Err(io::Error::from(io::ErrorKind::AddrNotAvailable));
    for host in hosts {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<_> = (host, port).to_socket_addrs()?.collect();
        result = TcpListener::bind(&*addresses);
        match &result {
            Err(error) if may_lack_ipv6(error) => {}
            _ => break,
        }
    }
    result
}

/// Returns whether the kernel may lack IPv6, so that IPv4 could succeed. `std` has no kind for this
/// error, so all errors count except the two that have another cause.
fn may_lack_ipv6(error: &io::Error) -> bool {
    !matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}
