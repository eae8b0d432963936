//! Functions as sources.

use std::sync::Arc;

use tokio::time::Instant;

use super::Source;
use super::runnable::{DropLogs, RunBody, RunResult, call_function};
use crate::collect::Declared;
use crate::server::causes::BoxError;

/// Makes a source from an `async` function, which is called at every scrape.
///
/// [`Exporter::source_fn`](crate::Exporter::source_fn) accepts the function itself. Use `async_fn`
/// inside the function that [`Exporter::source_with`](crate::Exporter::source_with) takes.
///
/// ```
/// use hello_exporter::{Collector, Exporter, source};
/// use std::convert::Infallible;
///
/// #[derive(clap::Args)]
/// struct Flags {
///     /// The answer.
///     #[arg(long, default_value_t = 42)]
///     answer: u8,
/// }
///
/// #[derive(Collector)]
/// struct Answer {
///     /// The answer.
///     answer: u8,
/// }
///
/// let exporter = Exporter::with_flags::<Flags>("answer_exporter").source_with("answer", |flags, _| {
///     let answer = flags.answer;
///     source::async_fn(move || async move { Ok::<_, Infallible>(Answer { answer }) })
/// });
/// # let _ = exporter;
/// ```
pub fn async_fn<T, M, E>(
    function: impl Fn() -> T + Send + Sync + 'static,
) -> impl Source<Metrics = M, Error = E>
where
    T: Future<Output = Result<M, E>> + Send + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    AsyncSource(function)
}

struct AsyncSource<C>(C);

impl<C, T, M, E> Source for AsyncSource<C>
where
    C: Fn() -> T + Send + Sync + 'static,
    T: Future<Output = Result<M, E>> + Send + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    type Metrics = M;
    type Error = E;

    async fn scrape(&self) -> Result<M, E> {
        (self.0)().await
    }
}

/// Makes a source from a function that may block. It is called at every scrape, on a thread of its
/// own. For functions that do not wait, [`in_turn`] is cheaper.
///
/// [`Exporter::blocking_source_fn`](crate::Exporter::blocking_source_fn) accepts the function
/// itself. Use `blocking_fn` inside the function that
/// [`Exporter::source_with`](crate::Exporter::source_with) takes.
///
/// ```
/// use hello_exporter::{Collector, Exporter, source};
/// use std::{io, path::PathBuf};
///
/// #[derive(clap::Args)]
/// struct Flags {
///     /// Directory to look at.
///     #[arg(long = "path.spool", default_value = "/var/spool")]
///     spool: PathBuf,
/// }
///
/// #[derive(Collector)]
/// struct Spool {
///     /// Entries in the spool directory.
///     spool_entries: u64,
/// }
///
/// let exporter = Exporter::with_flags::<Flags>("spool_exporter").source_with("spool", |flags, _| {
///     let path = flags.spool.clone();
///     source::blocking_fn(move || -> io::Result<Spool> {
///         Ok(Spool { spool_entries: std::fs::read_dir(&path)?.count() as u64 })
///     })
/// });
/// # let _ = exporter;
/// ```
pub fn blocking_fn<M, E>(
    function: impl Fn() -> Result<M, E> + Send + Sync + 'static,
) -> impl Source<Metrics = M, Error = E>
where
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    SyncSource { function, is_in_turn: false }
}

/// Makes a source from a function that does not wait, such as one that reads files in `/proc`.
///
/// [`blocking_fn`] runs a function on a thread of its own, since it may wait. Many functions that
/// do not wait would then wake as many threads at the same moment. This takes time and memory, and
/// an exporter of a host would count its own threads in `procs_running`. Functions in turn run one
/// after another on one thread. In every other respect they are like other sources; the duration of
/// each begins with its turn.
///
/// If a function blocks for a quarter of a second after all, the functions that wait for their turn
/// start at once, each on a thread of its own, and the functions of later scrapes do not wait for
/// it. Scrapes wait for the blocked function itself until its timeout; then its metrics are left
/// out until it returns.
///
/// ```
/// use hello_exporter::{Collector, Exporter, source::in_turn};
/// use std::io;
///
/// #[derive(Collector)]
/// struct Load {
///     /// Load average of the last minute.
///     load1: f64,
/// }
///
/// fn load() -> io::Result<Load> {
///     let text = std::fs::read_to_string("/proc/loadavg")?;
///     let load1 = text.split(' ').next().and_then(|number| number.parse().ok());
///     Ok(Load { load1: load1.ok_or(io::ErrorKind::InvalidData)? })
/// }
///
/// let exporter = Exporter::new("host_exporter").source("load", in_turn(load));
/// # let _ = exporter;
/// ```
pub fn in_turn<M, E>(
    function: impl Fn() -> Result<M, E> + Send + Sync + 'static,
) -> impl Source<Metrics = M, Error = E>
where
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    SyncSource { function, is_in_turn: true }
}

/// A function that is not `async`.
struct SyncSource<C> {
    function: C,
    is_in_turn: bool,
}

impl<C, M, E> Source for SyncSource<C>
where
    C: Fn() -> Result<M, E> + Send + Sync + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    type Metrics = M;
    type Error = E;

    async fn scrape(&self) -> Result<M, E> {
        (self.function)()
    }

    fn run_body(self: Arc<Self>, drops: &DropLogs) -> RunBody {
        let (drops, is_in_turn) = (drops.metrics.clone(), self.is_in_turn);
        let run = Box::new(move || {
            let started = is_in_turn.then(Instant::now);
            RunResult { samples: call_function(&self.function, &drops), started }
        });
        if is_in_turn { RunBody::InTurn(run) } else { RunBody::Blocking(run) }
    }
}
