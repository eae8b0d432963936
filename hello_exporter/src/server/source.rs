//! Sources: state of something else, fetched at every scrape, which takes time and can fail.
//!
//! # Three ways to declare metrics
//!
//! | | live | values | a source |
//! |---|---|---|---|
//! | the struct's fields | metrics: `Counter`, `Gauge`, `CounterVec<1>` | plain data: `f64`, `Option<u64>`, `BTreeMap<String, u64>` | plain data |
//! | where the numbers are | in this program, which counts as it works | in this program or the kernel, without waiting | in a server, a device, a slow file |
//! | registered by | [`register`](crate::Exporter::register): an `Arc` of the struct | [`register_fn`](crate::Exporter::register_fn): a function that makes the struct | [`source`](crate::Exporter::source), [`source_fn`](crate::Exporter::source_fn), [`blocking_source_fn`](crate::Exporter::blocking_source_fn), [`source_with`](crate::Exporter::source_with) |
//! | at a scrape | atomics are read | the function is called | it runs, at most once at a time, until its timeout |
//! | what can go wrong | nothing | a panic | errors, panics, timeouts: they cost its metrics, and show as `<exporter>_scrape_collector_success{collector="…"} 0` |
//! | in a query | always served | always served | `collect[]=name`, `exclude[]=name` |
//!
//! Count what happens in this program with live metrics, even if something else knows it too: such a
//! counter cannot be missed. Compute values with a function if that needs no waiting. Use a source for
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
//! fn threads() -> Threads {
//!     let available_processors = std::thread::available_parallelism().map_or(0, usize::from);
//!     Threads { available_processors }
//! }
//!
//! fn disk() -> io::Result<Disk> {
//!     Ok(Disk { spool_entries: std::fs::read_dir("/var/spool")?.count() as u64 })
//! }
//!
//! fn main() -> ExitCode {
//!     let requests = Arc::new(Requests::new());
//!     Exporter::new("my_exporter")
//!         .register(Arc::clone(&requests))
//!         .register_fn(threads)
//!         .blocking_source_fn("disk", disk)
//!         .run()
//! }
//! ```

mod alarm;
mod function;
mod job;
mod maker;
mod metrics;
mod options;
mod runner;
mod runtime;
mod scraper;
mod selection;
mod set;
mod status;
#[cfg(test)]
mod tests;
mod time_left;
mod turn;
mod up;

use std::sync::Arc;

pub use function::{async_fn, blocking_fn, in_turn};
pub use maker::MadeSource;
pub(crate) use maker::ReadySource;
pub(crate) use options::FromFlags;
pub use options::SourceOptions;
pub(crate) use runtime::SourceRuntime;
pub(crate) use scraper::{Drops, Failure, FailureKind, Scraped, scraped};
pub(crate) use selection::Selection;
pub(crate) use set::Sources;
pub(crate) use status::{LastRun, Status};
pub use time_left::time_left;
pub(crate) use time_left::{reserve, with_deadline};
pub(crate) use up::up;

use crate::collect::Declared;
use crate::collect::Desc;
use scraper::{Work, asynchronous};

/// State of something else, fetched at every scrape.
///
/// ```
/// use hello_exporter::{Collector, Source};
/// use std::io;
/// use tokio::net::TcpStream;
///
/// #[derive(Collector)]
/// #[collector(namespace = "gateway")]
/// struct GatewayMetrics {
///     /// Whether the gateway accepts connections.
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
/// It runs on a multi-threaded runtime of its own, not on that of the HTTP server. There is at most
/// one run at any time: scrapes that come meanwhile share its result, and a scrape that cannot wait any
/// longer is answered without it, which changes nothing for the others. A run that takes longer than
/// [its timeout](SourceOptions::timeout) is dropped at its next `await`.
///
/// A run that fails, panics or is late costs its own metrics, all of them, and nothing else. It shows as
/// `<exporter>_scrape_collector_success{collector="…"} 0`; the cause is logged, once per change, and is
/// not exposed. A program that is built with `panic = "abort"` ends at a panic.
///
/// An `async fn` must not block its thread; if it does, its own metrics are left out until it returns.
/// [`blocking_fn`] and [`in_turn`] are for functions that block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source",
    label = "expected a type that implements `Source`",
    note = "a function that returns a `Result` of metrics takes `source_fn` if it is `async`, and `blocking_source_fn` if it is not",
    note = "a function that makes a source of the flags takes `source_with`"
)]
pub trait Source: Send + Sync + 'static {
    /// The result of a run: a struct of plain values that derives
    /// [`Collector`](macro@crate::Collector). Its families are registered before the first scrape.
    type Metrics: Declared + Send + Sync + 'static;

    /// Why a run fails: any error, or a text.
    type Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static;

    /// Fetches the metrics as they are now.
    ///
    /// # Errors
    ///
    /// Any error; it is logged with its causes.
    fn scrape(&self) -> impl Future<Output = Result<Self::Metrics, Self::Error>> + Send;

    /// Returns families of [`DynamicFamilies`](crate::DynamicFamilies) whose names are known since
    /// the source was made, from a configuration file for example.
    ///
    /// They are registered at the start: an invalid name, or one that another collector has, is an
    /// error there, and with `--config.check`. Families that are not listed are registered at the
    /// scrape that first has them.
    ///
    /// ```
    /// use hello_exporter::collect::{Desc, MetricType};
    /// use hello_exporter::{DynamicFamilies, Source};
    /// use std::convert::Infallible;
    ///
    /// /// Sensors of a configuration file.
    /// struct Sensors(Vec<String>);
    ///
    /// impl Source for Sensors {
    ///     type Metrics = DynamicFamilies;
    ///     type Error = Infallible;
    ///
    ///     async fn scrape(&self) -> Result<DynamicFamilies, Infallible> {
    ///         let mut families = DynamicFamilies::new();
    ///         for name in &self.0 {
    ///             families.gauge(name.clone(), "Temperature.").value(48.5);
    ///         }
    ///         Ok(families)
    ///     }
    ///
    ///     fn families(&self) -> Vec<Desc> {
    ///         let desc = |name: &String| Desc::new(name.clone(), "Temperature.", MetricType::Gauge);
    ///         self.0.iter().map(desc).collect()
    ///     }
    /// }
    /// ```
    fn families(&self) -> Vec<Desc> {
        Vec::new()
    }

    /// Returns the work of one run.
    #[doc(hidden)]
    fn work(self: Arc<Self>, drops: &Drops) -> Work
    where
        Self: Sized,
    {
        asynchronous(self, drops)
    }
}

impl<S: Source> Source for Arc<S> {
    type Metrics = S::Metrics;
    type Error = S::Error;

    fn scrape(&self) -> impl Future<Output = Result<S::Metrics, S::Error>> + Send {
        S::scrape(self)
    }

    fn families(&self) -> Vec<Desc> {
        S::families(self)
    }

    fn work(self: Arc<Self>, drops: &Drops) -> Work {
        S::work(Arc::clone(&self), drops)
    }
}
