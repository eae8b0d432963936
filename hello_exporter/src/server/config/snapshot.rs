//! The version of the configuration that one scrape or probe uses.

use std::any::Any;
use std::ptr;
use std::sync::Arc;

use super::current::Version;

tokio::task_local! {
    /// The version of the current run.
    static SNAPSHOT: Snapshot;
}

/// One version of a configuration; none for an exporter without a configuration.
#[derive(Clone, Default)]
pub(crate) struct Snapshot(Option<Arc<dyn Any + Send + Sync>>);

impl Snapshot {
    pub(super) fn new<T: Send + Sync + 'static>(version: Arc<Version<T>>) -> Self {
        Self(Some(version))
    }

    /// Returns the version of the current run; none outside of runs.
    pub(crate) fn of_run() -> Self {
        SNAPSHOT.try_with(Self::clone).unwrap_or_default()
    }

    pub(super) fn version<T: Send + Sync + 'static>(self) -> Option<Arc<Version<T>>> {
        self.0?.downcast().ok()
    }

    /// Returns whether the exporter has no configuration.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Returns whether both are the same version.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => ptr::addr_eq(Arc::as_ptr(one), Arc::as_ptr(other)),
            _ => false,
        }
    }

    /// Runs work that uses this version.
    pub(crate) async fn scope<W: Future>(self, work: W) -> W::Output {
        SNAPSHOT.scope(self, work).await
    }

    /// Calls a function that uses this version.
    pub(crate) fn scope_call<R>(self, function: impl FnOnce() -> R) -> R {
        SNAPSHOT.sync_scope(self, function)
    }
}

/// Takes snapshots of the configuration of an exporter, if it has one.
#[derive(Clone, Default)]
pub(crate) struct Snapshots(Option<Arc<dyn Fn() -> Snapshot + Send + Sync>>);

impl Snapshots {
    pub(super) fn new(take: impl Fn() -> Snapshot + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(take)))
    }

    /// Returns the version in force.
    pub(crate) fn take(&self) -> Snapshot {
        self.0.as_ref().map(|take| take()).unwrap_or_default()
    }
}
