//! The path of a probe, and how long it may take.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::collect::{Desc, MetricType};
use crate::server::source::FromFlags;

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
/// `F` is the type of the exporter's own [flags](crate::Exporter::with_flags), from which the timeout
/// can come.
pub struct ProbeOptions<F = ()> {
    settings: ProbeSettings,
    timeout: Option<FromFlags<F>>,
}

/// The options of a probe once the flags are parsed.
#[derive(Clone, Debug)]
pub(crate) struct ProbeSettings {
    pub(crate) path: Cow<'static, str>,
    pub(crate) timeout: Duration,
    pub(super) up: Option<Desc>,
}

impl<F> ProbeOptions<F> {
    const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
    const MOST_TIMEOUT: Duration = Duration::from_secs(60 * 60);

    /// Serves probes at this path, which may take 10 seconds each.
    pub fn new(path: impl Into<Cow<'static, str>>) -> Self {
        let path = path.into();
        let settings = ProbeSettings { path, timeout: Self::DEFAULT_TIMEOUT, up: None };
        Self { settings, timeout: None }
    }

    /// Limits how long a probe takes, to at most an hour; less if the request does not wait that long.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout.min(Self::MOST_TIMEOUT);
        self.timeout = None;
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
        self.timeout = Some(Arc::new(timeout));
        self
    }

    /// Exposes the success of a probe under this name as well, which is the one of
    /// [`SourceOptions::up_metric`](crate::SourceOptions::up_metric) in an exporter that monitors one
    /// server by itself and others on request.
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
        self.settings.up = Some(Desc::new(name, help, MetricType::Gauge));
        self
    }

    pub(crate) fn path(&self) -> &Cow<'static, str> {
        &self.settings.path
    }

    /// Returns the settings, with the timeout that the flags decide.
    pub(crate) fn settings(mut self, flags: &F) -> ProbeSettings {
        if let Some(timeout) = self.timeout.take() {
            self = self.timeout(timeout(flags));
        }
        self.settings
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
        Self { settings: self.settings.clone(), timeout: self.timeout.clone() }
    }
}

impl<F> fmt::Debug for ProbeOptions<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("ProbeOptions");
        debug.field("settings", &self.settings).finish_non_exhaustive()
    }
}
