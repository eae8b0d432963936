//! The status of a source, known without a run.

use std::time::Duration;

use super::runnable::FailureKind;
use crate::internals::CollectorName;

/// The status of a source.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) name: CollectorName,
    /// How long a good result is served again.
    pub(crate) cache: Option<Duration>,
    /// How long the current run has taken so far.
    pub(crate) running: Option<Duration>,
    /// The last run that ended or timed out.
    pub(crate) last: Option<LastRun>,
}

/// The end of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastRun {
    /// The kind of its failure, if it failed. The log has the cause.
    pub(crate) failure: Option<FailureKind>,
    pub(crate) duration: Duration,
    /// Time since its end.
    pub(crate) age: Duration,
}
