//! Declares the sources of an exporter.

use std::sync::Arc;

use clap::Args;

use crate::collect::Declared;
use crate::internals::Declarations;
use crate::server::causes::BoxError;
use crate::server::exporter::{DeclarationError, Exporter, Maker};
use crate::server::source::{self, MadeSource, ReadySource, Source, SourceOptions};

impl<F: Args + 'static, S: Send + Sync + 'static> Exporter<F, S> {
    /// Runs a [`Source`] at every scrape; [`source`] says when to choose one.
    ///
    /// The flags `--collector.NAME` and `--no-collector.NAME` enable and disable it. In a query,
    /// `collect[]=NAME` selects it, and `exclude[]=NAME` leaves it out. `options` is its name, or
    /// [`SourceOptions`].
    pub fn source(self, options: impl Into<SourceOptions<F>>, source: impl Source) -> Self {
        self.add_ready_source(options.into(), source)
    }

    /// Calls an `async` function at every scrape, as a [source](Self::source).
    ///
    /// A closure has to name the error type of its `Result`: `Ok::<_, io::Error>(…)`. The future
    /// has to own what it uses, so the closure clones it first:
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
    /// let exporter = Exporter::new("my_exporter").source_fn("answer", move || {
    ///     let client = Arc::clone(&client);
    ///     async move { Ok::<_, Infallible>(Answer { answer: client.answer().await }) }
    /// });
    /// # let _ = exporter;
    /// ```
    pub fn source_fn<T, M, E>(
        self,
        options: impl Into<SourceOptions<F>>,
        function: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self
    where
        T: Future<Output = Result<M, E>> + Send + 'static,
        M: Declared + Send + Sync + 'static,
        E: Into<BoxError> + Send + 'static,
    {
        self.source(options, source::async_fn(function))
    }

    /// Calls an `async` function with the [state](Self::state) at every scrape, as a
    /// [source](Self::source).
    ///
    /// ```
    /// use hello_exporter::{Collector, Exporter};
    /// use std::{io, sync::Arc};
    /// use tokio::net::TcpStream;
    ///
    /// /// The server that all sources query.
    /// struct Server {
    ///     address: String,
    /// }
    ///
    /// #[derive(Collector)]
    /// struct Connections {
    ///     /// Whether the server accepts connections.
    ///     server_up: bool,
    /// }
    ///
    /// async fn connections(server: Arc<Server>) -> io::Result<Connections> {
    ///     TcpStream::connect(&server.address).await?;
    ///     Ok(Connections { server_up: true })
    /// }
    ///
    /// let exporter = Exporter::new("server_exporter")
    ///     .state(|()| Arc::new(Server { address: "localhost:8000".to_owned() }))
    ///     .source_fn_with("connections", connections);
    /// # let _ = exporter;
    /// ```
    pub fn source_fn_with<T, M, E>(
        self,
        options: impl Into<SourceOptions<F>>,
        function: impl Fn(Arc<S>) -> T + Send + Sync + 'static,
    ) -> Self
    where
        T: Future<Output = Result<M, E>> + Send + 'static,
        M: Declared + Send + Sync + 'static,
        E: Into<BoxError> + Send + 'static,
    {
        let source = |_: &F, state| source::async_fn(move || function(Arc::clone(&state)));
        self.source_with(options, source)
    }

    /// Calls a function that may block, at every scrape, as a [source](Self::source) on a thread of
    /// its own. For many functions that do not wait, [`in_turn`](source::in_turn) is cheaper.
    ///
    /// ```no_run
    /// use hello_exporter::{Collector, Exporter, SourceOptions};
    /// use std::{io, process::ExitCode, time::Duration};
    ///
    /// #[derive(Collector)]
    /// struct Spool {
    ///     /// Entries in the spool directory.
    ///     spool_entries: u64,
    /// }
    ///
    /// fn spool() -> io::Result<Spool> {
    ///     Ok(Spool { spool_entries: std::fs::read_dir("/var/spool")?.count() as u64 })
    /// }
    ///
    /// fn main() -> ExitCode {
    ///     let options = SourceOptions::new("spool").timeout(Duration::from_secs(2));
    ///     Exporter::new("spool_exporter").blocking_source_fn(options, spool).run()
    /// }
    /// ```
    pub fn blocking_source_fn<M, E>(
        self,
        options: impl Into<SourceOptions<F>>,
        function: impl Fn() -> Result<M, E> + Send + Sync + 'static,
    ) -> Self
    where
        M: Declared + Send + Sync + 'static,
        E: Into<BoxError> + Send + 'static,
    {
        self.source(options, source::blocking_fn(function))
    }

    /// Makes a [source](Self::source) from the flags and the [state](Self::state): `make` returns a
    /// [`Source`], or an `Option` or a `Result` of one. Functions become sources through
    /// [`async_fn`](source::async_fn), [`blocking_fn`](source::blocking_fn) and
    /// [`in_turn`](source::in_turn).
    ///
    /// `make` is called once, at startup, and not at all if the flags disable the source. `None`
    /// leaves the source out, as `--no-collector.NAME` does. If `make` fails or panics, the
    /// exporter logs one line and ends with exit status 1; functions that fail with the same error
    /// share the line. A [`std::io::Error`] does not name its file: add the path to it.
    ///
    /// ```
    /// use hello_exporter::{Collector, Exporter, Source};
    /// use std::io;
    /// use tokio::net::TcpStream;
    ///
    /// #[derive(clap::Args)]
    /// struct Flags {
    ///     /// Address of the gateway, `host:port`.
    ///     #[arg(long = "gateway.address")]
    ///     address: Option<String>,
    /// }
    ///
    /// #[derive(Collector)]
    /// struct GatewayMetrics {
    ///     /// Whether the gateway accepts connections.
    ///     gateway_up: bool,
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
    ///         Ok(GatewayMetrics { gateway_up: true })
    ///     }
    /// }
    ///
    /// let exporter = Exporter::with_flags::<Flags>("gateway_exporter")
    ///     .source_with("gateway", |flags, _| {
    ///         let address = flags.address.clone().ok_or("--gateway.address is required")?;
    ///         Ok::<_, &str>(Gateway { address })
    ///     });
    /// # let _ = exporter;
    /// ```
    pub fn source_with<M: MadeSource>(
        self,
        options: impl Into<SourceOptions<F>>,
        make: impl FnOnce(&F, Arc<S>) -> M + Send + 'static,
    ) -> Self {
        let options = options.into();
        let name = options.name().clone();
        let make = move |flags: &F, state| {
            let source = make(flags, state).into_source()?;
            Ok(source.map(|source| ReadySource::new(&name, source)))
        };
        self.add_source(options, Maker::with(of_source::<M::Source>, make))
    }

    fn add_ready_source<P: Source>(self, options: SourceOptions<F>, source: P) -> Self {
        let name = options.name().clone();
        let make = move || ReadySource::new(&name, source);
        self.add_source(options, Maker::ready(of_source::<P>, make))
    }

    fn add_source(mut self, options: SourceOptions<F>, source: Maker<F, S, ReadySource>) -> Self {
        let name = options.name().clone();
        if !options.has_valid_name() {
            self.errors.push(DeclarationError::SourceName { name });
        } else if self.sources.iter().any(|(other, _)| *other.name() == name) {
            self.errors.push(DeclarationError::SourceTwice { name });
        } else {
            self.sources.push((options, source));
        }
        self
    }
}

/// Returns the families of a source.
fn of_source<P: Source>() -> Declarations {
    Declarations::of::<P::Metrics>(Vec::new())
}
