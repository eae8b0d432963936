//! Functions as sources.

use std::sync::Arc;

use super::Source;
use super::scraper::{Drops, Ran, Work, called};
use crate::causes::BoxError;
use crate::collect::Declared;

/// Makes a source of an `async` function, which is called at every scrape.
///
/// [`Exporter::source_fn`](crate::Exporter::source_fn) takes the function itself; this is for the
/// function of [`Exporter::source_with`](crate::Exporter::source_with).
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
    AsyncFn(function)
}

struct AsyncFn<C>(C);

impl<C, T, M, E> Source for AsyncFn<C>
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

/// Makes a source of a function that may block, which is called at every scrape on a thread of its
/// own. Functions that do not wait are cheaper [in turn](super::in_turn).
///
/// [`Exporter::blocking_source_fn`](crate::Exporter::blocking_source_fn) takes the function itself;
/// this is for the function of [`Exporter::source_with`](crate::Exporter::source_with).
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
    BlockingFn(function)
}

struct BlockingFn<C>(C);

impl<C, M, E> Source for BlockingFn<C>
where
    C: Fn() -> Result<M, E> + Send + Sync + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    type Metrics = M;
    type Error = E;

    async fn scrape(&self) -> Result<M, E> {
        (self.0)()
    }

    fn work(self: Arc<Self>, drops: &Drops) -> Work {
        let drops = drops.metrics.clone();
        Work::Blocking(Box::new(move || Ran::from(called(&self.0, &drops))))
    }
}
