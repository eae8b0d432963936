//! The number of connections, and their time limits.

use std::time::Duration;

/// The limits of connections; [`Default`] has the values in force.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Most connections at once: at most half of the files that the process may open.
    pub connections: usize,
    /// The time from the first byte of a request, or for the first request from the end of the
    /// handshake, to the end of the request's head. Also the time for a TLS handshake.
    pub head: Duration,
    /// How long a connection is kept for the next request. Scrapes usually come at least once a
    /// minute, so they need no new handshake.
    pub idle: Duration,
    /// How long a client may receive nothing of a response.
    pub stall: Duration,
    /// How long a client may take to receive a whole response.
    pub answer: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 512,
            head: Duration::from_secs(5),
            idle: Duration::from_secs(120),
            stall: Duration::from_secs(10),
            answer: Duration::from_secs(120),
        }
    }
}

impl ConnectionLimits {
    /// Limits the connections to half of the files that the process may open. The other half is for
    /// files, and for the connections of sources.
    pub(super) fn within_open_files(mut self) -> Self {
        if let Some(files) = open_files() {
            self.connections = self.connections.min(files / 2).max(1);
        }
        self
    }
}

/// Returns how many files the process may open; `None` if there is no limit, or if it is unknown.
#[cfg(target_os = "linux")]
fn open_files() -> Option<usize> {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    usize::try_from(files).ok()
}

#[cfg(not(target_os = "linux"))]
fn open_files() -> Option<usize> {
    None
}
