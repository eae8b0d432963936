//! A type-erased source, the body of a run, and its result.

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

/// Drops the metrics and the futures of one source or probe, and logs if that panics.
pub struct DropLogs {
    pub(crate) metrics: DropLog,
    pub(crate) futures: DropLog,
}

impl DropLogs {
    pub(crate) fn new(collector: &CollectorName) -> Self {
        let log = || DropLog::new(collector.clone());
        Self { metrics: log(), futures: log() }
    }
}

/// A type-erased [`Source`].
pub(crate) trait RunnableSource: Send + Sync {
    /// Returns the body of one run. The author's code runs when the body does.
    fn run_body(self: Arc<Self>, drops: &DropLogs) -> RunBody;
}

/// The code of one run. It ends when the author's code ends.
pub enum RunBody {
    /// Waits without a thread.
    Async(Pin<Box<dyn Future<Output = RunResult> + Send>>),
    /// May block a thread of its own.
    Blocking(Box<dyn FnOnce() -> RunResult + Send>),
    /// Does not wait, and runs while no other function of this kind does.
    InTurn(Box<dyn FnOnce() -> RunResult + Send>),
}

/// The result of a run.
pub struct RunResult {
    pub(super) samples: Result<Scraped, Failure>,
    /// When the author's code began, if it runs in turn with others.
    pub(super) started: Option<Instant>,
}

impl From<Result<Scraped, Failure>> for RunResult {
    fn from(samples: Result<Scraped, Failure>) -> Self {
        Self { samples, started: None }
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
    /// Probes that block hold all threads.
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

impl<S: Source> RunnableSource for S {
    fn run_body(self: Arc<Self>, drops: &DropLogs) -> RunBody {
        Source::run_body(self, drops)
    }
}

/// Returns the body of a [`Source`] that waits without a thread.
pub(super) fn asynchronous<S: Source>(source: Arc<S>, drops: &DropLogs) -> RunBody {
    let DropLogs { metrics, futures } = drops;
    let (metrics, futures) = (metrics.clone(), futures.clone());
    RunBody::Async(Box::pin(async move {
        let run = async { scraped(source.scrape().await, &metrics) };
        let caught = catch_async(run, &futures).await;
        caught.unwrap_or_else(|panic| Err(panic.into())).into()
    }))
}

/// Calls a function that is not `async`, and catches its panic.
pub(super) fn call_function<M, E>(
    function: impl Fn() -> Result<M, E>,
    drops: &DropLog,
) -> Result<Scraped, Failure>
where
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + 'static,
{
    catch(|| scraped(function(), drops))?
}
