//! Stands beside what serves a connection, and ends it.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use actix_http::error::DispatchError;
use tokio::time::{Instant, sleep_until};
use tracing::debug;

use super::activity::Verdict;
use super::client::Client;

/// Has a connection served until it ends by itself, or its client has used up what it is granted.
pub(super) async fn supervise(
    serving: impl Future<Output = Result<(), DispatchError>>,
    client: &Client,
    draining: impl Future<Output = ()>,
) -> Result<(), DispatchError> {
    let _leaving = Leaving(client);
    let (mut serving, mut draining) = (pin!(serving), pin!(draining));
    let mut woken = pin!(client.closer().woken());
    let mut timer = pin!(sleep_until(Instant::now()));
    poll_fn(|context| {
        loop {
            if let Poll::Ready(result) = serving.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            if !client.is_draining() && draining.as_mut().poll(context).is_ready() {
                client.drain();
            }
            while woken.as_mut().poll(context).is_ready() {
                woken.set(client.closer().woken());
            }
            match client.verdict() {
                Verdict::Close(reason) => {
                    debug!(client = address(client), reason, "Closing a connection");
                    client.close();
                }
                Verdict::Cut(reason) => {
                    debug!(client = address(client), reason, "Dropping a connection");
                    client.cut();
                    return Poll::Ready(Ok(()));
                }
                // A timer that goes off early costs less than one that is set at every write.
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

fn address(client: &Client) -> Option<String> {
    client.address().map(|address| address.to_string())
}

/// Gives the place of a connection back when it is over, for whatever reason.
struct Leaving<'a>(&'a Client);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}
