//! Supervises a connection, and ends it.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use actix_http::error::DispatchError;
use tokio::time::{Instant, sleep_until};
use tracing::debug;

use super::activity::Verdict;
use super::state::Connection;

/// Polls `serving` until it ends, or until the verdict on the connection is to cut it.
pub(super) async fn supervise(
    serving: impl Future<Output = Result<(), DispatchError>>,
    connection: &Connection,
    draining: impl Future<Output = ()>,
) -> Result<(), DispatchError> {
    let _end = EndOnDrop(connection);
    let (mut serving, mut draining) = (pin!(serving), pin!(draining));
    let mut woken = pin!(connection.handle.woken());
    let mut timer = pin!(sleep_until(Instant::now()));
    poll_fn(|context| {
        loop {
            if let Poll::Ready(result) = serving.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            if !connection.activity().is_draining && draining.as_mut().poll(context).is_ready() {
                connection.activity().is_draining = true;
            }
            while woken.as_mut().poll(context).is_ready() {
                woken.set(connection.handle.woken());
            }
            match connection.verdict() {
                Verdict::Close(reason) => {
                    debug!(client = client(connection), reason, "Closing a connection");
                    connection.activity().close(Instant::now());
                }
                Verdict::Cut(reason) => {
                    debug!(client = client(connection), reason, "Dropping a connection");
                    connection.cut();
                    return Poll::Ready(Ok(()));
                }
                // A timer that fires early costs less than one that is reset at every write.
                Verdict::Wait(until) => {
                    if timer.is_elapsed() || until < timer.deadline() {
                        timer.as_mut().reset(until);
                    }
                    if timer.as_mut().poll(context).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    })
    .await
}

fn client(connection: &Connection) -> Option<String> {
    connection.client.map(|address| address.to_string())
}

/// Ends a connection when serving it ends, for any reason.
struct EndOnDrop<'a>(&'a Connection);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
