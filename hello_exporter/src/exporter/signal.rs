//! The signals that end an exporter.

use std::io;

use tracing::info;

/// Waits for SIGTERM or SIGINT.
#[cfg(unix)]
pub(super) fn termination() -> io::Result<impl Future<Output = ()> + Send> {
    use std::task::Poll;

    use tokio::signal::unix::{SignalKind, signal};

    let mut sigterm = signal(SignalKind::terminate())?;
    let mut sigint = signal(SignalKind::interrupt())?;
    Ok(async move {
        let name = std::future::poll_fn(|context| {
            if sigterm.poll_recv(context).is_ready() {
                Poll::Ready("SIGTERM")
            } else {
                sigint.poll_recv(context).map(|_| "SIGINT")
            }
        })
        .await;
        info!(signal = name, "Draining");
    })
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub(super) fn termination() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        // Without a way to wait for it there is no way to be told to end.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        info!("Draining");
    })
}
