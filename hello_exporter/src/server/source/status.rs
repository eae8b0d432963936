//! What is known of a source without asking it.

use std::time::Duration;

use super::scraper::FailureKind;
use crate::internals::CollectorName;

/// A source as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) name: CollectorName,
    /// How long a good result is served again.
    pub(crate) cache: Option<Duration>,
    /// How long the run that is under way has been going on.
    pub(crate) running: Option<Duration>,
    /// The last run that has come to anything.
    pub(crate) last: Option<LastRun>,
}

/// A run as it has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastRun {
    /// Of what kind its failure was, if it has failed. The cause is for the log.
    pub(crate) failure: Option<FailureKind>,
    pub(crate) duration: Duration,
    /// How long ago it was.
    pub(crate) age: Duration,
}
