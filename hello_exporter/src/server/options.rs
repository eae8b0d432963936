//! The options that sources and probes have in common.

use std::sync::Arc;
use std::time::Duration;

use crate::collect::Desc;
use crate::internals::CollectorName;

/// Returns a duration that comes from the flags, or a fixed one.
pub(crate) type FlagDuration<F> = Arc<dyn Fn(&F) -> Duration + Send + Sync>;

/// Returns a duration that is the same for all flags.
pub(crate) fn fixed<F>(duration: Duration) -> FlagDuration<F> {
    Arc::new(move |_| duration)
}

/// The options that a source and a probe have in common. The timeout is a [`FlagDuration`] until
/// the flags are parsed.
#[derive(Clone)]
pub(crate) struct CommonOptions<D = Duration> {
    /// The name of a source, or the path of a probe.
    pub(crate) name: CollectorName,
    pub(crate) timeout: D,
    /// The family of [`SourceOptions::up_metric`](crate::SourceOptions::up_metric).
    pub(crate) up: Option<Desc>,
}

/// The timeout of a source or a probe is 0.
#[derive(Debug, thiserror::Error)]
#[error("the timeout is 0, expected a longer one")]
pub(crate) struct ZeroTimeout;

impl<F> CommonOptions<FlagDuration<F>> {
    const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

    pub(crate) fn new(name: impl Into<CollectorName>) -> Self {
        Self { name: name.into(), timeout: fixed(Self::DEFAULT_TIMEOUT), up: None }
    }

    /// Returns the options with the timeout that the flags set, or with `longest` if that is
    /// shorter. A timeout of 0 is an error.
    pub(crate) fn with_flags(
        self,
        flags: &F,
        longest: Duration,
    ) -> Result<CommonOptions, ZeroTimeout> {
        let timeout = (self.timeout)(flags).min(longest);
        if timeout.is_zero() {
            return Err(ZeroTimeout);
        }
        Ok(CommonOptions { name: self.name, timeout, up: self.up })
    }
}
