//! Work that runs at most once at a time. Whoever needs it during a run shares that run.

#[cfg(all(test, loom))]
mod models;

use std::sync::Arc;

use crate::sync::modelled::{Mutex, MutexGuard, lock};

/// The current run, and the outcome of an earlier one.
///
/// `R` is what the owner keeps about a run, `O` its outcome.
pub(crate) struct SingleFlight<R, O>(Mutex<State<R, O>>);

struct State<R, O> {
    current: Option<Arc<Run<R>>>,
    /// The last good outcome, if the owner caches it. The next run takes it.
    cached: Option<Arc<O>>,
}

/// One run. It ends when its code returns, which can be after a timeout decided its outcome.
pub(crate) struct Run<R> {
    pub(crate) about: R,
    outcome: Mutex<Decision>,
}

/// Whether the outcome of a run is decided, by its end or by its timeout.
enum Decision {
    Open {
        /// Stops the run at its timeout, if it can be stopped.
        stop: Option<Stop>,
    },
    Decided,
}

type Stop = Box<dyn FnOnce() + Send>;

/// The result of [`SingleFlight::join_or_make`].
pub(crate) enum Joined<R, O> {
    Current(Arc<Run<R>>),
    /// The caller starts the run.
    New {
        run: Arc<Run<R>>,
        /// The outcome that the run replaces in the cache.
        stale: Option<Arc<O>>,
    },
}

impl<R, O> SingleFlight<R, O> {
    /// Joins the current run. If there is none, makes one.
    pub(crate) fn join_or_make(&self, make: impl FnOnce() -> R) -> Joined<R, O> {
        let mut state = self.lock();
        if let Some(run) = &state.current {
            return Joined::Current(Arc::clone(run));
        }
        let outcome = Mutex::new(Decision::Open { stop: None });
        let run = Arc::new(Run { about: make(), outcome });
        state.current = Some(Arc::clone(&run));
        Joined::New { run, stale: state.cached.take() }
    }

    /// Returns the run that has not ended, even if its outcome is decided.
    pub(crate) fn current(&self) -> Option<Arc<Run<R>>> {
        self.lock().current.clone()
    }

    pub(crate) fn is_current(&self, run: &Arc<Run<R>>) -> bool {
        self.lock().current.as_ref().is_some_and(|current| Arc::ptr_eq(current, run))
    }

    /// Ends the current run. Unless its timeout has passed, `conclude` returns its outcome, and
    /// `publish` wakes those who wait for it: they find the run ended, and can start the next one.
    pub(crate) fn end<T>(
        &self,
        run: &Run<R>,
        conclude: impl FnOnce() -> T,
        publish: impl FnOnce(T),
    ) {
        let outcome = run.decide().map(|_| conclude());
        self.lock().current = None;
        if let Some(outcome) = outcome {
            publish(outcome);
        }
    }

    pub(crate) fn cached(&self) -> Option<Arc<O>> {
        self.lock().cached.clone()
    }

    /// Caches an outcome, and returns the one before.
    pub(crate) fn cache(&self, outcome: Arc<O>) -> Option<Arc<O>> {
        self.lock().cached.replace(outcome)
    }

    fn lock(&self) -> MutexGuard<'_, State<R, O>> {
        lock(&self.0)
    }
}

impl<R, O> Default for SingleFlight<R, O> {
    fn default() -> Self {
        Self(Mutex::new(State { current: None, cached: None }))
    }
}

impl<R> Run<R> {
    /// Decides the outcome of a run whose timeout has passed, unless the run has ended, and stops
    /// the run if possible. The run stays the current one until it ends.
    pub(crate) fn time_out<T>(&self, conclude: impl FnOnce() -> T, publish: impl FnOnce(T)) {
        if let Some(stop) = self.decide() {
            publish(conclude());
            if let Some(stop) = stop {
                stop();
            }
        }
    }

    /// Calls `stop` at the timeout; at once, if the outcome is decided already.
    pub(crate) fn stop_with(&self, stop: impl FnOnce() + Send + 'static) {
        match &mut *lock(&self.outcome) {
            Decision::Open { stop: at_timeout } => {
                *at_timeout = Some(Box::new(stop));
                return;
            }
            Decision::Decided => {}
        }
        stop();
    }

    pub(crate) fn is_decided(&self) -> bool {
        matches!(*lock(&self.outcome), Decision::Decided)
    }

    /// Marks the outcome as decided. Returns what stops the run, or `None` if it was decided
    /// already.
    fn decide(&self) -> Option<Option<Stop>> {
        match std::mem::replace(&mut *lock(&self.outcome), Decision::Decided) {
            Decision::Open { stop } => Some(stop),
            Decision::Decided => None,
        }
    }
}
