//! The signals that end an exporter, and the one that reloads its configuration.

use std::fmt;
use std::io;

use crate::server::config::Reloader;

/// A signal that ends an exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Termination {
    /// Ctrl-C sends it.
    Sigint,
    #[cfg(unix)]
    Sigterm,
}

impl Termination {
    /// Returns the number of the signal.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Sigint => 2,
            #[cfg(unix)]
            Self::Sigterm => 15,
        }
    }

    /// Returns the name of the signal.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sigint => "SIGINT",
            #[cfg(unix)]
            Self::Sigterm => "SIGTERM",
        }
    }
}

impl fmt::Display for Termination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Handles the signals, instead of their default actions.
#[cfg(unix)]
pub(super) struct Signals {
    sigterm: tokio::signal::unix::Signal,
    sigint: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Handles the signals from now on.
    pub(super) fn handle() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            sigterm: signal(SignalKind::terminate())?,
            sigint: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> Termination {
        use std::task::Poll;

        std::future::poll_fn(|context| match self.sigterm.poll_recv(context) {
            Poll::Ready(_) => Poll::Ready(Termination::Sigterm),
            Poll::Pending => self.sigint.poll_recv(context).map(|_| Termination::Sigint),
        })
        .await
    }
}

/// Handles Ctrl-C, instead of its default action.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Handles Ctrl-C from the first wait on.
    pub(super) fn handle() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for the next Ctrl-C; for ever if it cannot be handled.
    pub(super) async fn next(&mut self) -> Termination {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Termination::Sigint
    }
}

/// Reloads the configuration on SIGHUP, until the runtime ends.
#[cfg(unix)]
pub(super) fn reload_on_hangup(reloader: Reloader) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut hangups = signal(SignalKind::hangup())?;
    actix_web::rt::spawn(async move {
        while hangups.recv().await.is_some() {
            reloader.reload().await;
        }
    });
    Ok(())
}

/// Does nothing: there is no SIGHUP.
#[cfg(not(unix))]
pub(super) fn reload_on_hangup(_: Reloader) -> io::Result<()> {
    Ok(())
}
