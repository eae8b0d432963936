//! Catches the panics of an author's future.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{DropLog, Panic, catch};

/// Polls a future, and drops it, under [`catch`].
pub(crate) async fn catch_async<F: Future>(future: F, drops: &DropLog) -> Result<F::Output, Panic> {
    let mut future = pin!(GuardedFuture { future: Some(future), drops: drops.clone() });
    poll_fn(|context| future.as_mut().poll(context)).await
}

pin_project! {
    /// An author's future. What it holds can panic when it is dropped.
    struct GuardedFuture<F> {
        #[pin]
        future: Option<F>,
        drops: DropLog,
    }

    impl<F> PinnedDrop for GuardedFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.drops.note(catch(|| this.future.set(None)).err().as_ref());
        }
    }
}

impl<F: Future> GuardedFuture<F> {
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<F::Output, Panic>> {
        // It is there until it is dropped.
        let Some(future) = self.project().future.as_pin_mut() else {
            return Poll::Pending;
        };
        match catch(|| future.poll(context)) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
