//! Catches panics of an author's code, so that a panic loses only the samples of that code.
//!
//! Catching needs unwinding: a program built with `panic = "abort"` ends at the first panic.

#[cfg(feature = "server")]
pub(crate) mod asynchronous;

use std::any::Any;
use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{error, info};

use crate::collect::{Collect, Declared, Desc, Describe, FamilyEncoder, FieldError};

thread_local! {
    /// Whether this thread runs inside [`catch`], whose caller logs a panic.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Location of this thread's last guarded panic.
    static LOCATION: Cell<Option<String>> = const { Cell::new(None) };
}

/// A caught panic: its message, and its location if the panic hook of the server recorded one.
#[derive(Debug, thiserror::Error)]
#[error("{message}{}", at(.location.as_deref()))]
pub(crate) struct Panic {
    message: String,
    location: Option<String>,
}

fn at(location: Option<&str>) -> String {
    location.map(|location| format!(" (at {location})")).unwrap_or_default()
}

/// Runs an author's code and catches its panic. The caller logs the panic, so the hook does not.
pub(crate) fn catch<R>(run: impl FnOnce() -> R) -> Result<R, Panic> {
    take_location();
    let is_outer = IS_GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    IS_GUARDED.set(is_outer);
    result.map_err(|payload| Panic { location: take_location(), ..Panic::new(payload) })
}

/// Returns the location of the last guarded panic, once.
fn take_location() -> Option<String> {
    LOCATION.try_with(Cell::take).ok().flatten()
}

impl Panic {
    /// Describes a panic by its payload, without a location.
    pub(crate) fn new(payload: Box<dyn Any + Send>) -> Self {
        let message = panic_message(&*payload).to_owned();
        // The payload's `drop` can panic as well, with another payload.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        std::mem::forget(dropped);
        Self { message, location: None }
    }
}

/// Returns the message of a panic.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Remembers whether something panicked last time, so that a panic is logged once per change.
#[derive(Debug, Default)]
pub(crate) struct PanicState(AtomicBool);

impl PanicState {
    /// Records the last outcome, and returns whether it differs from the one before.
    ///
    /// It writes only if they differ, because scrapes on several threads share the state.
    pub(crate) fn has_changed(&self, is_panicking: bool) -> bool {
        let Self(state) = self;
        state.load(Ordering::Relaxed) != is_panicking
            && state.swap(is_panicking, Ordering::Relaxed) != is_panicking
    }
}

/// Drops values of one kind of one collector, each under a [`catch`], and logs their panics once
/// per change.
///
/// Values have to be dropped one at a time: while a panic unwinds out of one, a panic of the next
/// would abort the process.
#[derive(Clone, Debug)]
pub(crate) struct DropLog(Arc<DropState>);

#[derive(Debug)]
struct DropState {
    collector: Cow<'static, str>,
    state: PanicState,
}

impl DropLog {
    pub(crate) fn new(collector: Cow<'static, str>) -> Self {
        Self(Arc::new(DropState { collector, state: PanicState::default() }))
    }

    /// Drops `value`.
    pub(crate) fn drop<T>(&self, value: T) {
        self.report(catch(|| drop(value)).err().as_ref());
    }

    fn report(&self, panic: Option<&Panic>) {
        let DropState { collector, state } = &*self.0;
        if !state.has_changed(panic.is_some()) {
            return;
        }
        match panic {
            Some(error) => error!(collector = &**collector, %error, "Collector panicked in `drop`"),
            None => info!(collector = &**collector, "Collector no longer panics in `drop`"),
        }
    }
}

/// An author's value, dropped by a [`DropLog`].
#[derive(Debug)]
pub(crate) struct Guarded<T> {
    value: Option<T>,
    drops: DropLog,
}

impl<T> Guarded<T> {
    pub(crate) fn new(value: T, drops: &DropLog) -> Self {
        Self { value: Some(value), drops: drops.clone() }
    }

    /// Returns the value, which exists until the guard is dropped.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        let value = self.value.take();
        self.drops.drop(value);
    }
}

/// The families of the value.
impl<M: Declared> Describe for Guarded<M> {
    fn describe(&self) -> Vec<Desc> {
        self.get().map(M::describe).unwrap_or_default()
    }
}

impl<M: Declared> Collect for Guarded<M> {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        if let Some(metrics) = self.get() {
            metrics.collect(index, encoder);
        }
    }

    fn verify(&self) -> Result<(), FieldError> {
        self.get().map_or(Ok(()), M::verify)
    }
}
