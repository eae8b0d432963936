//! What is asked at every scrape: something else's state, which takes time and may not come.
//!
//! # Three ways, and when to choose which
//!
//! | | live | values | a source |
//! |---|---|---|---|
//! | the struct's fields | metrics: `Counter`, `Gauge`, `CounterVec<1>` | plain data: `f64`, `Option<u64>`, `BTreeMap<String, u64>` | plain data |
//! | who has the numbers | this program: it counts as it works | this program, or the kernel, at once | a server, a device, a slow file |
//! | registered by | [`Exporter::register`](crate::Exporter::register), an `Arc` of the struct | `register`, a function that makes the struct | [`Exporter::source`](crate::Exporter::source), a name and a [`Source`] or a function |
//! | at a scrape | atomics are read | the function is called | it is awaited, at most once at a time, for as long as there is time |
//! | what can go wrong | nothing | a panic | errors, panics, timeouts: they cost its metrics, and show as `<exporter>_scrape_collector_success{collector="…"} 0` |
//! | in a query | always served | always served | `collect[]=name`, `exclude[]=name` |
//!
//! Count what happens in this program with live metrics, even where it is known elsewhere too: a counter that
//! is kept cannot be missed. Compute what can be computed without waiting with a function. Take a source for
//! everything that a scrape may have to wait for.
//!
//! ```no_run
//! use hello_exporter::{Collector, Counter, Exporter};
//! use std::{io, process::ExitCode, sync::Arc};
//!
//! /// Live.
//! #[derive(Collector)]
//! struct Requests {
//!     /// Requests answered.
//!     #[metric(name = "requests_total")]
//!     answered: Counter,
//! }
//!
//! /// Values.
//! #[derive(Collector)]
//! struct Threads {
//!     /// Processors that this program may use.
//!     available_processors: usize,
//! }
//!
//! /// A source.
//! #[derive(Collector)]
//! #[collector(namespace = "disk")]
//! struct Disk {
//!     /// Entries in the spool directory.
//!     spool_entries: u64,
//! }
//!
//! # #[hello_exporter::actix_web::main]
//! # async fn main() -> ExitCode {
//! let requests = Arc::new(Requests::new());
//!
//! Exporter::new("my_exporter")
//!     .register(Arc::clone(&requests))
//!     .register_fn(|| Threads {
//!         available_processors: std::thread::available_parallelism().map_or(0, usize::from),
//!     })
//!     .source("disk", || -> io::Result<Disk> {
//!         Ok(Disk { spool_entries: std::fs::read_dir("/var/spool")?.count() as u64 })
//!     })
//!     .run()
//!     .await
//! # }
//! ```

mod alarm;
mod into;
mod job;
mod metrics;
mod runner;
mod runtime;
mod scraper;
mod selection;
mod set;
mod status;
#[cfg(test)]
mod tests;
mod turn;
mod up;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

pub use into::{IntoSource, UnbuiltSource};
pub(crate) use runtime::SourceRuntime;
pub(crate) use scraper::{Drops, Failure, FailureKind, Scraped, scraped};
pub(crate) use selection::Selection;
pub(crate) use set::Sources;
pub(crate) use status::{LastRun, Status};
pub use turn::{InTurn, in_turn};
pub(crate) use up::{up, up_desc};

use crate::collect::Declared;
use crate::desc::Desc;
use crate::registry::{CollectorName, Registry, Scope};

/// Something that is asked for its metrics at every scrape, and may fail.
///
/// ```
/// use hello_exporter::{Collector, source::Source};
/// use std::io;
/// use tokio::net::TcpStream;
///
/// #[derive(Collector)]
/// #[collector(namespace = "gateway")]
/// struct GatewayMetrics {
///     /// Whether somebody listens.
///     up: bool,
/// }
///
/// struct Gateway {
///     address: String,
/// }
///
/// impl Source for Gateway {
///     type Metrics = GatewayMetrics;
///     type Error = io::Error;
///
///     async fn scrape(&self) -> io::Result<GatewayMetrics> {
///         TcpStream::connect(&self.address).await?;
///         Ok(GatewayMetrics { up: true })
///     }
/// }
/// ```
///
/// It runs on a multi-threaded runtime of its own, not on that of the HTTP server. There is at most one run
/// at any time: scrapes that come meanwhile share its result, and one that cannot wait any longer is answered
/// without it and changes nothing for the others. A run that takes longer than
/// [its timeout](SourceOptions::timeout) is dropped at its next `await`.
///
/// A run that fails, panics or is late costs its metrics, as a whole, and nothing else. It shows as
/// `<exporter>_scrape_collector_success{collector="…"} 0`; the cause goes to the log, once per change, and not
/// on the wire. A program that is built with `panic = "abort"` forgoes this: there a panic is its end.
///
/// An `async fn` must not block its thread; if it does, its own metrics are left out until it returns. A
/// function that has to block is one that is not `async`, see [`IntoSource`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source",
    label = "expected a type that implements `Source`",
    note = "functions are sources too: `async` ones, and blocking ones, that return a `Result` of a struct with `#[derive(Collector)]`"
)]
pub trait Source: Send + Sync + 'static {
    /// What a run gives: a struct of plain values that derives [`Collector`](macro@crate::Collector). Its
    /// families are registered before the first scrape.
    type Metrics: Declared + Send + Sync + 'static;

    /// Why there is nothing to give: any error, or a text.
    type Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static;

    /// Asks for the metrics as they are now.
    ///
    /// # Errors
    ///
    /// What is to be logged with its causes.
    fn scrape(&self) -> impl Future<Output = Result<Self::Metrics, Self::Error>> + Send;
}

impl<S: Source> Source for Arc<S> {
    type Metrics = S::Metrics;
    type Error = S::Error;

    fn scrape(&self) -> impl Future<Output = Result<S::Metrics, S::Error>> + Send {
        S::scrape(self)
    }
}

/// The name of a source, and how it is treated. A name alone is one with the defaults.
///
/// ```
/// use hello_exporter::source::SourceOptions;
/// use std::time::Duration;
///
/// let options = SourceOptions::new("replication")
///     .timeout(Duration::from_secs(3))
///     .cache(Duration::from_secs(60))
///     .disabled_by_default();
/// # let _ = options;
/// ```
#[derive(Clone, Debug)]
pub struct SourceOptions {
    name: CollectorName,
    timeout: Duration,
    cache: Option<Duration>,
    is_enabled: bool,
    up: Option<Desc>,
    prefix: String,
    const_labels: Vec<(Cow<'static, str>, Cow<'static, str>)>,
}

impl SourceOptions {
    const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

    /// No run takes longer, so that a point in time can always be named.
    const MOST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

    /// A source of this name, with a timeout of 10 seconds, no cache, and enabled.
    ///
    /// The name is that of the flags `--collector.NAME` and `--no-collector.NAME`, of `collect[]` in a
    /// query, and of the label `collector`: letters, digits, `_` and `-`.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            timeout: Self::DEFAULT_TIMEOUT,
            cache: None,
            is_enabled: true,
            up: None,
            prefix: String::new(),
            const_labels: Vec::new(),
        }
    }

    /// How long a run may take, at most a day. A request that has less time waits no longer than that, and
    /// the run goes on without it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(Self::MOST_TIMEOUT);
        self
    }

    /// Serves the last good result for so long after it came, instead of asking again. Its age is exposed as
    /// `<exporter>_scrape_collector_cache_age_seconds{collector="…"}`.
    pub fn cache(mut self, cache: Duration) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Leaves the source out unless `--collector.NAME` is given.
    pub fn disabled_by_default(mut self) -> Self {
        self.is_enabled = false;
        self
    }

    /// Exposes whether the source has answered: a gauge of this name, 1 where its metrics are in the scrape, 0
    /// where it failed, panicked or was late.
    ///
    /// It is what `<exporter>_scrape_collector_success` says, under the name that users of such an exporter look
    /// for, and alert on: `redis_up`, `mysql_up`. A source thus has no `up` of its own to keep; it returns the error,
    /// and the log tells it.
    ///
    /// ```no_run
    /// use hello_exporter::{Collector, Exporter, source::SourceOptions};
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
    /// #[actix_web::main]
    /// async fn main() -> ExitCode {
    ///     let options = SourceOptions::new("spool").up_metric("spool_up", "Whether the directory can be read.");
    ///     Exporter::new("spool_exporter").source(options, spool).run().await
    /// }
    /// ```
    pub fn up_metric(
        mut self,
        name: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.up = Some(up_desc(name, help));
        self
    }

    /// Puts `prefix` in front of the names of all its families, see [`Scope::prefix`].
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Adds a constant label to all its families, see [`Scope::const_label`].
    pub fn const_label(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.const_labels.push((name.into(), value.into()));
        self
    }

    pub(crate) fn name(&self) -> &CollectorName {
        &self.name
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// Whether a flag can be called so: `--collector.disable-defaults` is another one.
    pub(crate) fn has_sound_name(&self) -> bool {
        let is_accepted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        !self.name.is_empty()
            && self.name != "disable-defaults"
            && self.name.bytes().all(is_accepted)
    }

    fn scope<'r>(&self, registry: &'r Registry) -> Scope<'r> {
        let scope = registry.scope().prefix(&self.prefix);
        let labels = self.const_labels.iter().cloned();
        labels.fold(scope, |scope, (name, value)| scope.const_label(name, value))
    }
}

impl<N: Into<Cow<'static, str>>> From<N> for SourceOptions {
    fn from(name: N) -> Self {
        Self::new(name)
    }
}
