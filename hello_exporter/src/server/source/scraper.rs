//! A source without its type: the work of one run, and its result.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::Instant;

use super::Source;
use crate::collect::{Collect, Declared};
use crate::internals::{CollectorName, DropLog, Guarded, Panic, catch, catch_async};
use crate::server::causes::{BoxError, text_of};

/// The samples of one run, shared by the requests that it serves.
pub(crate) type Scraped = Arc<dyn Collect + Send + Sync>;

/// Drops what an author's code leaves behind.
pub struct Drops {
    pub(crate) metrics: DropLog,
    pub(crate) futures: DropLog,
}

impl Drops {
    pub(crate) fn new(collector: &CollectorName) -> Self {
        let log = || DropLog::new(collector.clone());
        Self { metrics: log(), futures: log() }
    }
}

/// Runs a source's code.
pub(crate) trait Scraper: Send + Sync {
    /// Returns the work of one run. The author's code runs when the work does.
    fn work(self: Arc<Self>, drops: &Drops) -> Work;
}

/// The work of one run, which has ended when the author's code has.
pub enum Work {
    /// Waits without a thread.
    Async(Pin<Box<dyn Future<Output = Ran> + Send>>),
    /// May block a thread of its own.
    Blocking(Box<dyn FnOnce() -> Ran + Send>),
    /// Does not wait, and runs while no other work of this kind does.
    InTurn(Box<dyn FnOnce() -> Ran + Send>),
}

/// A run that has ended.
pub struct Ran {
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
    /// The probes that block hold all threads of probes.
    #[error("no thread was free within {0:?}, probes block all of them")]
    NoThread(Duration),
    /// The exporter ends.
    #[error("cancelled")]
    Cancelled,
}

/// The kind of a [`Failure`].
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
            Failure::Timeout(_) | Failure::NoThread(_) => FailureKind::Timeout,
            Failure::Cancelled => FailureKind::Cancelled,
        }
    }

    /// Converts an author's error to its text, with its causes.
    pub(crate) fn of_error(error: impl Into<BoxError>) -> Self {
        text_of(error.into()).map_or_else(Failure::from, Failure::Error)
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

/// Converts the result of a run that did not panic.
pub(crate) fn scraped<M, E>(result: Result<M, E>, drops: &DropLog) -> Result<Scraped, Failure>
where
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError>,
{
    let metrics = Guarded::new(result.map_err(Failure::of_error)?, drops);
    metrics.get().map_or(Ok(()), |metrics| metrics.verify()).map_err(Failure::of_error)?;
    Ok(Arc::new(metrics))
}

impl<S: Source> Scraper for S {
    fn work(self: Arc<Self>, drops: &Drops) -> Work {
        Source::work(self, drops)
    }
}

/// Returns the work of a [`Source`] that waits without a thread.
pub(super) fn asynchronous<S: Source>(source: Arc<S>, drops: &Drops) -> Work {
    let Drops { metrics, futures } = drops;
    let (metrics, futures) = (metrics.clone(), futures.clone());
    Work::Async(Box::pin(async move {
        let run = async { scraped(source.scrape().await, &metrics) };
        let caught = catch_async(run, &futures).await;
        caught.unwrap_or_else(|panic| Err(panic.into())).into()
    }))
}

/// Calls a function that is not `async`.
pub(super) fn called<M, E>(
    function: impl Fn() -> Result<M, E>,
    drops: &DropLog,
) -> Result<Scraped, Failure>
where
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + 'static,
{
    catch(|| scraped(function(), drops))?
}
