//! A source without its type: what starts a run, and what a run comes to.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use tracing::error;

use super::Source;
use crate::collect::Declared;
use crate::desc::Desc;
use crate::encode::FamilyEncoder;
use crate::panic::{Panic, catch, catch_async};
use crate::registry::Momentary;
use crate::unbuilt::{BoxError, chain};

/// The samples of one run, shared by the requests that it serves.
pub(crate) type Scraped = Arc<dyn Momentary + Send + Sync>;

/// Starts runs. The task that it gives back ends when the author's code does, and not before.
pub(crate) trait Scraper: Send + Sync {
    fn start(self: Arc<Self>, runtime: &Handle) -> JoinHandle<Ran>;
}

/// A run that has come to its end.
pub(crate) struct Ran {
    pub(super) result: Result<Scraped, Failure>,
    /// When the author's code began, if it had to wait.
    pub(super) started: Option<Instant>,
}

impl From<Result<Scraped, Failure>> for Ran {
    fn from(result: Result<Scraped, Failure>) -> Self {
        Self { result, started: None }
    }
}

/// Why a run has no samples.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Error(String),
    #[error("panicked: {0}")]
    Panic(String),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The exporter ends.
    #[error("cancelled")]
    Cancelled,
}

/// A [`Failure`] without what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    Error,
    Panic,
    Timeout,
    Cancelled,
}

impl Failure {
    pub(super) fn kind(&self) -> FailureKind {
        match self {
            Failure::Error(_) => FailureKind::Error,
            Failure::Panic(_) => FailureKind::Panic,
            Failure::Timeout(_) => FailureKind::Timeout,
            Failure::Cancelled => FailureKind::Cancelled,
        }
    }

    /// What an author's error says, with its causes.
    pub(crate) fn of_error(error: impl Into<BoxError>) -> Self {
        Failure::Error(chain(&*error.into()))
    }
}

impl From<Panic> for Failure {
    fn from(panic: Panic) -> Self {
        Failure::Panic(panic.to_string())
    }
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        match error.try_into_panic() {
            Ok(payload) => Panic::new(payload).into(),
            Err(_) => Failure::Cancelled,
        }
    }
}

/// What a run that did not panic has come to.
pub(crate) fn scraped<M, E>(result: Result<M, E>) -> Result<Scraped, Failure>
where
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError>,
{
    let metrics = result.map_err(Failure::of_error)?;
    metrics.verify().map_err(Failure::of_error)?;
    Ok(Arc::new(Guarded(Some(metrics))))
}

/// A [`Source`], which waits without a thread.
pub(super) struct Asynchronous<S>(pub(super) S);

impl<S: Source> Scraper for Asynchronous<S> {
    fn start(self: Arc<Self>, runtime: &Handle) -> JoinHandle<Ran> {
        runtime.spawn(async move {
            let caught = catch_async(async { scraped(self.0.scrape().await) }).await;
            caught.unwrap_or_else(|panic| Err(panic.into())).into()
        })
    }
}

/// A function that waits on a thread of its own.
pub(super) struct Blocking<F>(pub(super) F);

impl<F, M, E> Scraper for Blocking<F>
where
    F: Fn() -> Result<M, E> + Send + Sync + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + 'static,
{
    fn start(self: Arc<Self>, runtime: &Handle) -> JoinHandle<Ran> {
        runtime.spawn_blocking(move || called(&self.0).into())
    }
}

/// What a function comes to that is not `async`.
pub(super) fn called<M, E>(function: impl Fn() -> Result<M, E>) -> Result<Scraped, Failure>
where
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + 'static,
{
    catch(|| scraped(function()))?
}

/// The metrics of a run, which can be dropped anywhere: their `drop` is the author's code as well.
struct Guarded<M>(Option<M>);

impl<M: Declared> Momentary for Guarded<M> {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        if let Some(metrics) = &self.0 {
            metrics.collect(index, encoder);
        }
    }

    fn has_late(&self) -> bool {
        M::HAS_LATE
    }

    fn late(&self, visit: &mut dyn FnMut(&Desc, u64)) {
        if let Some(metrics) = &self.0 {
            metrics.late(visit);
        }
    }

    fn collect_late(&self, mut position: usize, encoder: &mut FamilyEncoder<'_>) {
        if let Some(metrics) = &self.0 {
            metrics.collect_late(&mut position, encoder);
        }
    }
}

impl<M> Drop for Guarded<M> {
    fn drop(&mut self) {
        let metrics = self.0.take();
        if let Err(error) = catch(|| drop(metrics)) {
            error!(%error, "Collector panicked when it was dropped");
        }
    }
}
