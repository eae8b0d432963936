//! How many connections there may be, and how long each may take for what.

use std::time::Duration;

/// What clients are granted. One place for all the numbers; [`Default`] has those that are in force.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Most connections at once. Where the process may have few open files it is half of those.
    pub connections: usize,
    /// From the first byte of a request, or from the beginning of a connection, to the end of its head.
    pub head: Duration,
    /// How long a connection is kept for the next request. Scrapes come once in a minute or more often,
    /// and are spared a handshake.
    pub idle: Duration,
    /// How long a client may take nothing of what it is being sent.
    pub stall: Duration,
    /// How long a client may take for all of an answer.
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
    /// Not more than what the process may open: the rest is for files, and for the connections of sources.
    pub(super) fn within_open_files(mut self) -> Self {
        if let Some(files) = open_files() {
            self.connections = self.connections.min(files / 2).max(1);
        }
        self
    }
}

/// How many files the process may have open; nothing where there is no bound, or none that is known.
#[cfg(target_os = "linux")]
fn open_files() -> Option<usize> {
    let limits = procfs::process::Process::myself().and_then(|process| process.limits()).ok()?;
    match limits.max_open_files.soft_limit {
        procfs::process::LimitValue::Value(files) => usize::try_from(files).ok(),
        procfs::process::LimitValue::Unlimited => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn open_files() -> Option<usize> {
    None
}
