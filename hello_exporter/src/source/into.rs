//! What can be a source.

use std::marker::PhantomData;
use std::sync::Arc;

use super::scraper::{Asynchronous, Blocking, Scraper};
use super::{InTurn, Source};
use crate::collect::Declared;
use crate::unbuilt::{BoxError, Declarations, Unbuilt};

/// What [`Exporter::source`](crate::Exporter::source) takes:
///
/// - a [`Source`];
/// - an `async` function, which is called at every scrape;
/// - a function that is not `async`, and returns a `Result` of metrics: it may block, and runs on a thread of a
///   bounded pool. Many that do not wait are cheaper [in turn](super::in_turn);
/// - a function that makes one of these. It is called once, when the flags are parsed, and not at all
///   where they disable the source. It can take a reference to the [flags](crate::Exporter::flags), and
///   may fail, which is reported at the start. One that takes the flags and returns a `Result` of an `Option` can
///   find that they leave the source out: `None` is as `--no-collector.NAME`.
///
/// ```
/// use hello_exporter::{Collector, Exporter, source::Source};
/// use std::{convert::Infallible, io};
///
/// #[derive(clap::Args)]
/// struct Flags {
///     /// Path of the file to look at.
///     #[arg(long = "path.file", default_value = "/etc/hostname")]
///     path: String,
/// }
///
/// #[derive(Collector)]
/// struct File {
///     /// Size of the file in bytes.
///     #[metric(name = "file_size_bytes")]
///     size: u64,
/// }
///
/// #[derive(Collector)]
/// struct Answer {
///     /// The answer.
///     answer: u8,
/// }
///
/// async fn answer() -> Result<Answer, Infallible> {
///     Ok(Answer { answer: 42 })
/// }
///
/// let exporter = Exporter::new("my_exporter")
///     .flags::<Flags>()
///     .source("answer", answer)
///     .source("file", |flags: &Flags| {
///         let path = flags.path.clone();
///         move || -> io::Result<File> { Ok(File { size: std::fs::metadata(&path)?.len() }) }
///     });
/// # let _ = exporter;
/// ```
///
/// A function that returns a `Result` has to say of which error: `|| -> io::Result<File> { … }`, or
/// `Ok::<_, Infallible>(…)` in an `async` block. What an `async` function uses at every call it gets as a clone:
///
/// ```
/// # use hello_exporter::{Collector, Exporter};
/// # use std::{convert::Infallible, sync::Arc};
/// # struct Client;
/// # impl Client { async fn answer(&self) -> u8 { 42 } }
/// # #[derive(Collector)]
/// # struct Answer {
/// #     /// The answer.
/// #     answer: u8,
/// # }
/// let client = Arc::new(Client);
/// let exporter = Exporter::new("my_exporter").source("answer", move || {
///     let client = Arc::clone(&client);
///     async move { Ok::<_, Infallible>(Answer { answer: client.answer().await }) }
/// });
/// # let _ = exporter;
/// ```
///
/// `K` tells these apart, and is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a source",
    label = "expected a `Source`, a function that returns a `Result` of metrics, or a function that makes one of these",
    note = "metrics are a struct with `#[derive(Collector)]`, and the error converts into `Box<dyn Error + Send + Sync>`",
    note = "an `async move` block uses clones, which the function around it makes: what it borrows of that function does not live long enough",
    note = "a function that takes the flags says so: `|flags: &Flags| …`, after `Exporter::flags::<Flags>()`"
)]
pub trait IntoSource<F, K> {
    /// The source in the one form in which an exporter keeps it.
    fn into_source(self) -> UnbuiltSource<F>;
}

/// A source that is made once the flags are parsed.
pub struct UnbuiltSource<F>(pub(crate) Unbuilt<F, Option<Arc<dyn Scraper>>>);

impl<F: 'static> UnbuiltSource<F> {
    fn new<M: Declared>(
        build: impl FnOnce(&F) -> Result<ReadySource, BoxError> + Send + 'static,
    ) -> Self {
        Self::optional::<M>(|flags| build(flags).map(Some))
    }

    fn optional<M: Declared>(
        build: impl FnOnce(&F) -> Result<Option<ReadySource>, BoxError> + Send + 'static,
    ) -> Self {
        let scraper = |ready: Option<ReadySource>| ready.map(|ready| ready.0);
        Self(Unbuilt::new(Declarations::of::<M>, move |flags| build(flags).map(scraper)))
    }
}

/// What can be asked without being made first.
pub trait Ready<K>: Send + 'static {
    /// What it gives.
    type Metrics: Declared;

    /// What runs it.
    #[doc(hidden)]
    fn scraper(self) -> ReadySource;
}

/// A source that is ready, in the one form in which an exporter keeps it.
pub struct ReadySource(Arc<dyn Scraper>);

/// [`Ready`] as a [`Source`].
#[derive(Debug)]
pub struct BySource;

impl<S: Source> Ready<BySource> for S {
    type Metrics = S::Metrics;

    fn scraper(self) -> ReadySource {
        ReadySource(Arc::new(Asynchronous(self)))
    }
}

/// [`Ready`] as an `async` function.
#[derive(Debug)]
pub struct ByAsync<T, M, E>(PhantomData<(T, M, E)>);

impl<C, T, M, E> Ready<ByAsync<T, M, E>> for C
where
    C: Fn() -> T + Send + Sync + 'static,
    T: Future<Output = Result<M, E>> + Send + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    type Metrics = M;

    fn scraper(self) -> ReadySource {
        ReadySource(Arc::new(Asynchronous(Function(self))))
    }
}

/// An `async` function as a [`Source`].
struct Function<C>(C);

impl<C, T, M, E> Source for Function<C>
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

/// [`Ready`] as a function that may block.
#[derive(Debug)]
pub struct ByBlocking<M, E>(PhantomData<(M, E)>);

impl<C, M, E> Ready<ByBlocking<M, E>> for C
where
    C: Fn() -> Result<M, E> + Send + Sync + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + 'static,
{
    type Metrics = M;

    fn scraper(self) -> ReadySource {
        ReadySource(Arc::new(Blocking(self)))
    }
}

/// [`Ready`] as a function that does not wait, see [`in_turn`](super::in_turn).
#[derive(Debug)]
pub struct ByTurn<M, E>(PhantomData<(M, E)>);

impl<C, M, E> Ready<ByTurn<M, E>> for InTurn<C>
where
    C: Fn() -> Result<M, E> + Send + Sync + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + 'static,
{
    type Metrics = M;

    fn scraper(self) -> ReadySource {
        ReadySource(Arc::new(self))
    }
}

/// [`IntoSource`] of what is [`Ready`].
#[derive(Debug)]
pub struct ByReady<K>(PhantomData<K>);

impl<F: 'static, R: Ready<K>, K> IntoSource<F, ByReady<K>> for R {
    fn into_source(self) -> UnbuiltSource<F> {
        UnbuiltSource::new::<R::Metrics>(|_| Ok(self.scraper()))
    }
}

/// [`IntoSource`] of a function that makes an `R`.
#[derive(Debug)]
pub struct ByMaker<R, K>(PhantomData<(R, K)>);

impl<F, C, R, K> IntoSource<F, ByMaker<R, K>> for C
where
    F: 'static,
    C: FnOnce() -> R + Send + 'static,
    R: Ready<K>,
{
    fn into_source(self) -> UnbuiltSource<F> {
        UnbuiltSource::new::<R::Metrics>(|_| Ok(self().scraper()))
    }
}

/// [`IntoSource`] of a function that makes an `R` or fails.
#[derive(Debug)]
pub struct ByFallibleMaker<R, E, K>(PhantomData<(R, E, K)>);

impl<F, C, R, E, K> IntoSource<F, ByFallibleMaker<R, E, K>> for C
where
    F: 'static,
    C: FnOnce() -> Result<R, E> + Send + 'static,
    R: Ready<K>,
    E: Into<BoxError>,
{
    fn into_source(self) -> UnbuiltSource<F> {
        UnbuiltSource::new::<R::Metrics>(|_| Ok(self().map_err(Into::into)?.scraper()))
    }
}

/// [`IntoSource`] of a function that makes an `R` of the flags.
#[derive(Debug)]
pub struct ByMakerWithFlags<R, K>(PhantomData<(R, K)>);

impl<F, C, R, K> IntoSource<F, ByMakerWithFlags<R, K>> for C
where
    F: 'static,
    C: FnOnce(&F) -> R + Send + 'static,
    R: Ready<K>,
{
    fn into_source(self) -> UnbuiltSource<F> {
        UnbuiltSource::new::<R::Metrics>(|flags| Ok(self(flags).scraper()))
    }
}

/// [`IntoSource`] of a function that makes an `R` of the flags or fails.
#[derive(Debug)]
pub struct ByFallibleMakerWithFlags<R, E, K>(PhantomData<(R, E, K)>);

impl<F, C, R, E, K> IntoSource<F, ByFallibleMakerWithFlags<R, E, K>> for C
where
    F: 'static,
    C: FnOnce(&F) -> Result<R, E> + Send + 'static,
    R: Ready<K>,
    E: Into<BoxError>,
{
    fn into_source(self) -> UnbuiltSource<F> {
        UnbuiltSource::new::<R::Metrics>(|flags| Ok(self(flags).map_err(Into::into)?.scraper()))
    }
}

/// [`IntoSource`] of a function that makes an `R` of the flags, or none, or fails.
#[derive(Debug)]
pub struct ByOptionalMakerWithFlags<R, E, K>(PhantomData<(R, E, K)>);

impl<F, C, R, E, K> IntoSource<F, ByOptionalMakerWithFlags<R, E, K>> for C
where
    F: 'static,
    C: FnOnce(&F) -> Result<Option<R>, E> + Send + 'static,
    R: Ready<K>,
    E: Into<BoxError>,
{
    fn into_source(self) -> UnbuiltSource<F> {
        UnbuiltSource::optional::<R::Metrics>(|flags| {
            Ok(self(flags).map_err(Into::into)?.map(Ready::scraper))
        })
    }
}
