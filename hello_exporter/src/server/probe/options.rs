//! The path of a probe, and how long it may take.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::collect::{Desc, MetricType};
use crate::internals::CollectorName;
use crate::server::options::{CommonOptions, FlagDuration, ZeroTimeout, fixed};

/// The path of a probe, and how long it may take. A path alone stands for the defaults.
///
/// ```
/// use hello_exporter::probe::ProbeOptions;
/// use std::time::Duration;
///
/// let options: ProbeOptions = ProbeOptions::new("/probe").timeout(Duration::from_secs(30));
/// # let _ = options;
/// ```
///
/// `F` is the type of the exporter's own [flags](crate::Exporter::with_flags), from which the
/// timeout can come.
pub struct ProbeOptions<F = ()>(CommonOptions<FlagDuration<F>>);

impl<F> ProbeOptions<F> {
    const LONGEST_TIMEOUT: Duration = Duration::from_secs(60 * 60);

    /// Creates options for probes at this path, with a timeout of 10 seconds.
    pub fn new(path: impl Into<Cow<'static, str>>) -> Self {
        Self(CommonOptions::new(path))
    }

    /// Limits how long a probe may take: at most an hour, and less if the request does not wait
    /// that long.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout = fixed(timeout);
        self
    }

    /// Takes the [timeout](Self::timeout) from the flags, as
    /// [`SourceOptions::timeout_from`](crate::SourceOptions::timeout_from) does.
    ///
    /// ```
    /// use hello_exporter::{cli, probe::ProbeOptions};
    /// use std::time::Duration;
    ///
    /// #[derive(clap::Args)]
    /// struct Flags {
    ///     /// How long a probe may take.
    ///     #[arg(long = "probe.timeout", default_value = "5s", value_parser = cli::parse_duration)]
    ///     timeout: Duration,
    /// }
    ///
    /// let options = ProbeOptions::new("/probe").timeout_from(|flags: &Flags| flags.timeout);
    /// # let _ = options;
    /// ```
    pub fn timeout_from(
        mut self,
        timeout: impl Fn(&F) -> Duration + Send + Sync + 'static,
    ) -> Self {
        self.0.timeout = Arc::new(timeout);
        self
    }

    /// Exposes the success of a probe under this name as well. An exporter that monitors one server
    /// by itself and others on request uses the same name in
    /// [`SourceOptions::up_metric`](crate::SourceOptions::up_metric).
    ///
    /// ```
    /// use hello_exporter::probe::ProbeOptions;
    ///
    /// let options: ProbeOptions =
    ///     ProbeOptions::new("/scrape").up_metric("redis_up", "Whether the server has answered.");
    /// # let _ = options;
    /// ```
    pub fn up_metric(
        mut self,
        name: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.0.up = Some(Desc::new(name, help, MetricType::Gauge));
        self
    }

    pub(crate) fn up(&self) -> Option<&Desc> {
        self.0.up.as_ref()
    }

    pub(crate) fn path(&self) -> &CollectorName {
        &self.0.name
    }

    /// Returns the options with the timeout that the flags set.
    pub(crate) fn settings(self, flags: &F) -> Result<CommonOptions, ZeroTimeout> {
        self.0.with_flags(flags, Self::LONGEST_TIMEOUT)
    }
}

impl<F> From<&'static str> for ProbeOptions<F> {
    fn from(path: &'static str) -> Self {
        Self::new(path)
    }
}

impl<F> From<String> for ProbeOptions<F> {
    fn from(path: String) -> Self {
        Self::new(path)
    }
}

impl<F> Clone for ProbeOptions<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<F> fmt::Debug for ProbeOptions<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("ProbeOptions");
        debug.field("path", self.path()).finish_non_exhaustive()
    }
}
