//! The sockets on which an exporter listens.

use std::io;
use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener;

use listenfd::ListenFd;

/// A listening socket.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Listener {
    /// Returns the sockets that systemd has opened for this process.
    ///
    /// # Errors
    ///
    /// Returns an error if a socket is neither a TCP nor a Unix stream socket.
    pub(crate) fn activated() -> io::Result<Vec<Self>> {
        let mut sockets = ListenFd::from_env();
        (0..sockets.len()).map(|at| Self::passed(&mut sockets, at)).collect()
    }

    /// Takes the socket at index `at`.
    fn passed(sockets: &mut ListenFd, at: usize) -> io::Result<Self> {
        if let Ok(Some(listener)) = sockets.take_tcp_listener(at) {
            return Ok(Self::Tcp(listener));
        }
        #[cfg(unix)]
        if let Ok(Some(listener)) = sockets.take_unix_listener(at) {
            return Ok(Self::Unix(listener));
        }
        let (number, count) = (at + 1, sockets.len());
        let message =
            format!("socket {number} of {count} is neither a TCP nor a Unix stream socket");
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    }

    /// Returns the address for the log.
    pub(super) fn address(&self) -> io::Result<String> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(|address| address.to_string()),
            #[cfg(unix)]
            Self::Unix(listener) => listener.local_addr().map(|address| name(&address)),
        }
    }
}

/// Returns the path of a Unix socket, or its name after an `@` if it is abstract, as Go writes it.
#[cfg(unix)]
fn name(address: &std::os::unix::net::SocketAddr) -> String {
    if let Some(path) = address.as_pathname() {
        return path.display().to_string();
    }
    format!("@{}", abstract_name(address).unwrap_or_default())
}

#[cfg(target_os = "linux")]
fn abstract_name(address: &std::os::unix::net::SocketAddr) -> Option<String> {
    use std::os::linux::net::SocketAddrExt;

    address.as_abstract_name().map(|name| String::from_utf8_lossy(name).into_owned())
}

#[cfg(all(unix, not(target_os = "linux")))]
fn abstract_name(_: &std::os::unix::net::SocketAddr) -> Option<String> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    use super::name;

    #[test]
    fn unix_socket_is_named_as_in_go() {
        assert_eq!(name(&SocketAddr::from_pathname("/run/x.sock").unwrap()), "/run/x.sock");
        assert_eq!(name(&SocketAddr::from_abstract_name("x").unwrap()), "@x");
    }
}
