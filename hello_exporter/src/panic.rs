//! Panics of an author's code: caught, so that they cost what they must and no more.
//!
//! All of this needs unwinding: a program that is built with `panic = "abort"` ends at the first panic.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// Whether somebody catches, and tells of, a panic of this thread.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Where the last guarded panic of this thread was.
    static LOCATION: Cell<Option<String>> = const { Cell::new(None) };
}

/// What a panic said, and where it was, if a [hook](note_location) has noted that.
#[derive(Debug, thiserror::Error)]
#[error("{message}{}", at(.location.as_deref()))]
pub(crate) struct Panic {
    message: String,
    location: Option<String>,
}

fn at(location: Option<&str>) -> String {
    location.map(|location| format!(" (at {location})")).unwrap_or_default()
}

/// Runs an author's code. Whoever calls this tells of the panic, so that the hook need not.
pub(crate) fn catch<R>(run: impl FnOnce() -> R) -> Result<R, Panic> {
    forget_location();
    let is_outer = IS_GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    IS_GUARDED.set(is_outer);
    result.map_err(|payload| Panic { location: forget_location(), ..Panic::new(payload) })
}

fn forget_location() -> Option<String> {
    LOCATION.try_with(Cell::take).ok().flatten()
}

impl Panic {
    /// One of another thread, whose hook has told where it was.
    pub(crate) fn new(payload: Box<dyn Any + Send>) -> Self {
        let message = panic_message(&*payload).to_owned();
        // Even a payload can panic when it is dropped, and then with another one.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        std::mem::forget(dropped);
        Self { message, location: None }
    }
}

/// What a panic says.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// For a panic hook: notes where a panic was that somebody catches and tells of. False if nobody does: outside of
/// [`catch`], where panics cannot be caught, and for one that comes while another is on its way.
#[cfg(feature = "server")]
pub(crate) fn note_location(panic: &std::panic::PanicHookInfo<'_>) -> bool {
    if !IS_GUARDED.get() || cfg!(panic = "abort") {
        return false;
    }
    let location = panic.location().map(ToString::to_string);
    LOCATION.try_with(|last| last.replace(location)).is_ok_and(|before| before.is_none())
}

/// [`catch`] for a future: every poll of it runs guarded.
#[cfg(feature = "server")]
pub(crate) async fn catch_async<F: Future>(future: F) -> Result<F::Output, Panic> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| match catch(|| future.as_mut().poll(context)) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => std::task::Poll::Ready(Err(panic)),
    })
    .await
}
