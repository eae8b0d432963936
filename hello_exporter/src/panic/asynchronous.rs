//! The part of catching that only a server needs: asynchronous code and the panic hook.

use std::future::poll_fn;
use std::panic::PanicHookInfo;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{DropLog, Guarded, IS_GUARDED, LOCATION, Panic, catch};

/// Records the panic's location and returns `true` if the caller of [`catch`] will log the panic.
/// Otherwise returns `false`, and also for a panic during the unwinding of another one.
pub(crate) fn note_location(panic: &PanicHookInfo<'_>) -> bool {
    if !IS_GUARDED.get() || cfg!(panic = "abort") {
        return false;
    }
    let location = panic.location().map(ToString::to_string);
    LOCATION.try_with(|last| last.replace(location)).is_ok_and(|before| before.is_none())
}

/// Polls a future, and drops it, under [`catch`].
pub(crate) async fn catch_async<F: Future>(future: F, drops: &DropLog) -> Result<F::Output, Panic> {
    let mut future = pin!(GuardedFuture { future: Some(future), drops: drops.clone() });
    poll_fn(|context| future.as_mut().poll(context)).await
}

pin_project! {
    /// An author's future. Its values can panic when they are dropped.
    struct GuardedFuture<F> {
        #[pin]
        future: Option<F>,
        drops: DropLog,
    }

    impl<F> PinnedDrop for GuardedFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.drops.report(catch(|| this.future.set(None)).err().as_ref());
        }
    }
}

impl<F: Future> GuardedFuture<F> {
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<F::Output, Panic>> {
        // The future exists until `self` is dropped.
        let Some(future) = self.project().future.as_pin_mut() else {
            return Poll::Pending;
        };
        match catch(|| future.poll(context)) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

impl<T> Guarded<T> {
    /// Converts the value with a function that cannot panic.
    pub(crate) fn map<U>(mut self, convert: impl FnOnce(T) -> U) -> Guarded<U> {
        Guarded { value: self.value.take().map(convert), drops: self.drops.clone() }
    }
}
