//! The name of a source, and how the exporter runs it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::collect::{Desc, MetricType};
use crate::internals::{Addition, CollectorName};
use crate::server::options::{CommonOptions, FlagDuration, ZeroTimeout, fixed};

/// The name of a source, and how the exporter runs it. A name alone stands for the defaults.
///
/// ```
/// use hello_exporter::SourceOptions;
/// use std::time::Duration;
///
/// let options: SourceOptions = SourceOptions::new("replication")
///     .timeout(Duration::from_secs(3))
///     .cache(Duration::from_secs(60))
///     .disabled_by_default();
/// # let _ = options;
/// ```
///
/// `F` is the type of the exporter's own [flags](crate::Exporter::with_flags), from which the
/// timeout and the cache can come.
pub struct SourceOptions<F = ()> {
    settings: SourceSettings<FlagDuration<F>>,
    is_enabled: bool,
}

/// The options of a source, except whether it is enabled. Durations are [`FlagDuration`]s until the
/// flags are parsed.
#[derive(Clone)]
pub(crate) struct SourceSettings<D = Duration> {
    pub(super) common: CommonOptions<D>,
    pub(super) cache: Option<D>,
    pub(super) addition: Addition,
}

impl<F> SourceOptions<F> {
    /// The longest timeout. Adding it to a time cannot overflow.
    const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

    /// Creates options for a source of this name that is enabled, with a timeout of 10 seconds and
    /// no cache.
    ///
    /// The name consists of letters, digits, `_` and `-`. It appears in the flags
    /// `--collector.NAME` and `--no-collector.NAME`, in `collect[]` of a query, and in the label
    /// `collector`.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        let common = CommonOptions::new(name);
        let settings = SourceSettings { common, cache: None, addition: Addition::default() };
        Self { settings, is_enabled: true }
    }

    /// Limits how long a run may take. More than a day counts as a day. A request with less time
    /// stops waiting earlier, and the run goes on without it.
    ///
    /// In an asynchronous run, [`time_left`](super::time_left) returns how much of its time is
    /// left.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.common.timeout = fixed(timeout);
        self
    }

    /// Takes the [timeout](Self::timeout) from the flags. A timeout of 0 is an error at startup.
    ///
    /// ```
    /// use hello_exporter::{Collector, Exporter, SourceOptions, cli};
    /// use std::{convert::Infallible, time::Duration};
    ///
    /// #[derive(clap::Args)]
    /// struct Flags {
    ///     /// How long to wait for the queue.
    ///     #[arg(long = "queue.timeout", default_value = "5s", value_parser = cli::parse_duration)]
    ///     timeout: Duration,
    /// }
    ///
    /// #[derive(Collector)]
    /// struct Queue {
    ///     /// Messages in the queue.
    ///     queue_messages: u64,
    /// }
    ///
    /// async fn queue() -> Result<Queue, Infallible> {
    ///     Ok(Queue { queue_messages: 3 })
    /// }
    ///
    /// let options = SourceOptions::new("queue").timeout_from(|flags: &Flags| flags.timeout);
    /// let exporter = Exporter::with_flags::<Flags>("queue_exporter").source_fn(options, queue);
    /// # let _ = exporter;
    /// ```
    pub fn timeout_from(
        mut self,
        timeout: impl Fn(&F) -> Duration + Send + Sync + 'static,
    ) -> Self {
        self.settings.common.timeout = Arc::new(timeout);
        self
    }

    /// Serves the last good result again for `cache` after its run ended, instead of running the
    /// source. Its age is exposed as
    /// `<exporter>_scrape_collector_cache_age_seconds{collector="…"}`. 0 means no cache.
    pub fn cache(mut self, cache: Duration) -> Self {
        self.settings.cache = Some(fixed(cache));
        self
    }

    /// Takes the time of the [cache](Self::cache) from the flags.
    ///
    /// ```
    /// use hello_exporter::{SourceOptions, cli};
    /// use std::time::Duration;
    ///
    /// #[derive(clap::Args)]
    /// struct Flags {
    ///     /// How long to serve the licences again.
    ///     #[arg(long = "licences.cache", default_value = "1h", value_parser = cli::parse_duration)]
    ///     cache: Duration,
    /// }
    ///
    /// let options = SourceOptions::new("licences").cache_from(|flags: &Flags| flags.cache);
    /// # let _ = options;
    /// ```
    pub fn cache_from(mut self, cache: impl Fn(&F) -> Duration + Send + Sync + 'static) -> Self {
        self.settings.cache = Some(Arc::new(cache));
        self
    }

    /// Disables the source unless `--collector.NAME` is given.
    pub fn disabled_by_default(mut self) -> Self {
        self.is_enabled = false;
        self
    }

    /// Exposes whether the source works: a gauge of this name, 1 if its metrics are in the scrape,
    /// 0 if it failed, panicked or timed out.
    ///
    /// It repeats `<exporter>_scrape_collector_success` under the name that users of similar
    /// exporters already know and alert on, such as `redis_up` or `mysql_up`. So a source needs no
    /// `up` of its own; it returns the error, which is logged.
    ///
    /// ```no_run
    /// use hello_exporter::{Collector, Exporter, SourceOptions};
    /// use std::{io, process::ExitCode};
    ///
    /// #[derive(Collector)]
    /// #[collector(namespace = "spool")]
    /// struct Spool {
    ///     /// Entries in the spool directory.
    ///     entries: u64,
    /// }
    ///
    /// fn spool() -> io::Result<Spool> {
    ///     Ok(Spool { entries: std::fs::read_dir("/var/spool")?.count() as u64 })
    /// }
    ///
    /// fn main() -> ExitCode {
    ///     let options =
    ///         SourceOptions::new("spool").up_metric("spool_up", "Whether the directory can be read.");
    ///     Exporter::new("spool_exporter").blocking_source_fn(options, spool).run()
    /// }
    /// ```
    pub fn up_metric(
        mut self,
        name: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.settings.common.up = Some(Desc::new(name, help, MetricType::Gauge));
        self
    }

    /// Puts `prefix` before the names of all families of the source, see
    /// [`Scope::prefix`](crate::registry::Scope::prefix).
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.addition.prefix = prefix.into();
        self
    }

    /// Adds a constant label to all families of the source, see
    /// [`Scope::const_label`](crate::registry::Scope::const_label).
    pub fn const_label(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.settings.addition.const_labels.push((name.into(), value.into()));
        self
    }

    pub(crate) fn name(&self) -> &CollectorName {
        &self.settings.common.name
    }

    pub(crate) fn up(&self) -> Option<&Desc> {
        self.settings.common.up.as_ref()
    }

    pub(crate) fn addition(&self) -> &Addition {
        &self.settings.addition
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// Returns whether the name is valid in a flag. `--collector.disable-defaults` is another flag.
    pub(crate) fn has_valid_name(&self) -> bool {
        let is_accepted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let name = self.name();
        !name.is_empty() && name != "disable-defaults" && name.bytes().all(is_accepted)
    }

    /// Returns the settings, with the durations that the flags set.
    pub(crate) fn settings(self, flags: &F) -> Result<SourceSettings, ZeroTimeout> {
        let SourceSettings { common, cache, addition } = self.settings;
        let common = common.with_flags(flags, Self::LONGEST_TIMEOUT)?;
        let cache = cache.map(|cache| cache(flags)).filter(|cache| !cache.is_zero());
        Ok(SourceSettings { common, cache, addition })
    }
}

impl<F> From<&'static str> for SourceOptions<F> {
    fn from(name: &'static str) -> Self {
        Self::new(name)
    }
}

impl<F> From<String> for SourceOptions<F> {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl<F> Clone for SourceOptions<F> {
    fn clone(&self) -> Self {
        Self { settings: self.settings.clone(), is_enabled: self.is_enabled }
    }
}

impl<F> fmt::Debug for SourceOptions<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SourceOptions")
            .field("name", self.name())
            .field("is_enabled", &self.is_enabled)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_of_zero_is_no_cache() {
        let options = || SourceOptions::<Duration>::new("queue");
        let cache = |options: SourceOptions<Duration>, flag| options.settings(&flag).unwrap().cache;
        assert_eq!(cache(options().cache(Duration::ZERO), Duration::ZERO), None);
        assert_eq!(cache(options().cache_from(|&flag| flag), Duration::ZERO), None);
        let second = Duration::from_secs(1);
        assert_eq!(cache(options().cache(second), Duration::ZERO), Some(second));
        assert_eq!(cache(options().cache_from(|&flag| flag), second), Some(second));
    }
}
