//! Sources: the state of another system, fetched at every scrape. Fetching takes time and can fail.
//!
//! # Three ways to declare metrics
//!
//! | | live | values | a source |
//! |---|---|---|---|
//! | the struct's fields | metrics: `Counter`, `Gauge`, `CounterVec<1>` | plain data: `f64`, `Option<u64>`, `BTreeMap<String, u64>` | plain data |
//! | where the numbers are | in this program, which counts as it works | in this program or the kernel, without waiting | in a server, a device, a slow file |
//! | registered by | [`register`](crate::Exporter::register): an `Arc` of the struct | [`register_fn`](crate::Exporter::register_fn): a function that makes the struct | [`source`](crate::Exporter::source), [`source_fn`](crate::Exporter::source_fn), [`blocking_source_fn`](crate::Exporter::blocking_source_fn), [`source_with`](crate::Exporter::source_with) |
//! | at a scrape | atomics are read | the function is called | it runs, at most once at a time, until its timeout |
//! | what can go wrong | nothing | a panic | errors, panics, timeouts: its metrics are missing, and `<exporter>_scrape_collector_success{collector="…"}` is 0 |
//! | in a query | `name[]=family` | `name[]=family` | `collect[]=name`, `exclude[]=name`, `name[]=family` |
//!
//! Count what happens in this program with live metrics, even if another system knows it too: such
//! a counter is never missing. Compute values with a function if that needs no waiting. Use a
//! source for everything that a scrape may have to wait for.
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
mod counted;
mod function;
mod job;
mod maker;
mod metrics;
mod options;
mod runnable;
mod runner;
mod runtime;
mod selection;
mod serial;
mod set;
mod status;
#[cfg(test)]
mod tests;
mod time_left;
mod up;

use std::sync::Arc;

pub use function::{async_fn, blocking_fn, in_turn};
pub use maker::MadeSource;
pub(crate) use maker::ReadySource;
pub(crate) use metrics::ScrapeMetrics;
pub use options::SourceOptions;
pub(crate) use runnable::{DropLogs, Failure, FailureKind, Scraped, scraped};
pub(crate) use runtime::SourceRuntime;
pub(crate) use selection::Selection;
pub(crate) use set::{Absence, Sources};
pub(crate) use status::{LastRun, Status};
pub use time_left::time_left;
pub(crate) use time_left::{reserve, with_deadline};
pub(crate) use up::up;

use crate::collect::{Declared, Desc};
use runnable::{RunBody, asynchronous};

/// The state of another system, fetched at every scrape.
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
/// It runs on a multi-threaded runtime that all sources share, not on that of the HTTP server. A
/// source has at most one run at any time: scrapes that arrive during it share its result, and a
/// scrape that cannot wait any longer gets a response without it, while the others still wait. A
/// run that takes longer than [its timeout](SourceOptions::timeout) is dropped at its next `await`.
///
/// If a run fails, panics or times out, all metrics of its source are left out, and no others.
/// `<exporter>_scrape_collector_success{collector="…"}` is then 0; the cause is logged, once per
/// change, and is not exposed. A program that is built with `panic = "abort"` ends at a panic.
///
/// An `async fn` must not block its thread; if it does, its own metrics are left out until it
/// returns. [`blocking_fn`] and [`in_turn`] are for functions that block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source",
    label = "expected a type that implements `Source`",
    note = "declare a function that returns a `Result` of metrics with `source_fn` if it is `async`, and with `blocking_source_fn` if it is not",
    note = "declare a function that makes a source from the flags with `source_with`"
)]
pub trait Source: Send + Sync + 'static {
    /// The result of a run: a struct of plain values that derives
    /// [`Collector`](macro@crate::Collector), or [`DynamicFamilies`](crate::DynamicFamilies). The
    /// declared families are registered before the first scrape.
    type Metrics: Declared + Send + Sync + 'static;

    /// Why a run fails: any error, or a text.
    type Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static;

    /// Fetches the current metrics.
    ///
    /// # Errors
    ///
    /// Any error; it is logged with its causes.
    fn scrape(&self) -> impl Future<Output = Result<Self::Metrics, Self::Error>> + Send;

    /// Returns families of [`DynamicFamilies`](crate::DynamicFamilies) whose names are known once
    /// the source is made, from a configuration file for example.
    ///
    /// They are registered at startup: an invalid name, or one that another collector has, is an
    /// error at startup and with `--config.check`. Other families are registered at the first
    /// scrape that has them.
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

    /// Returns the body of one run.
    #[doc(hidden)]
    fn run_body(self: Arc<Self>, drops: &DropLogs) -> RunBody
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

    fn run_body(self: Arc<Self>, drops: &DropLogs) -> RunBody {
        S::run_body(Arc::clone(&self), drops)
    }
}
