//! What an exporter exposes: collectors, sources, probes, and the state that they share.

use std::sync::Arc;

use clap::Args;

use super::{DeclarationError, Exporter, MadeCollector, MadeState, Maker, State};
use crate::collect::Declared;
use crate::internals::assert_live;
use crate::registry::{IntoCollector, RegisterError};
use crate::server::causes::BoxError;
use crate::server::probe::{
    self, MadeProbe, Probe, ProbeOptions, ProbeRequest, Probed, ReadyProbe,
};
use crate::server::source::{self, MadeSource, ReadySource, Source, SourceOptions};

impl<F: Args + 'static> Exporter<F> {
    /// Makes what the functions of [`source_with`](Self::source_with),
    /// [`probe_with`](Self::probe_with) and [`register_with`](Self::register_with) share, such as a
    /// connection or a parsed file. `make` gets the flags, and returns a `Result` of the state, or an
    /// `Arc` of it if it cannot fail. Functions that are declared before it get no state.
    ///
    /// It is called once, before the first of these functions, and not at all if the flags disable
    /// all of them. If it fails or panics, that is one error at the start. A state that no function
    /// gets is an error as well. It may block, on a future by
    /// `tokio::runtime::Handle::current().block_on(…)` as well.
    ///
    /// ```no_run
    /// use hello_exporter::{Collector, Exporter, Source};
    /// use std::{io, path::PathBuf, process::ExitCode, sync::Arc};
    ///
    /// #[derive(clap::Args)]
    /// struct Flags {
    ///     /// File with the names of the queues.
    ///     #[arg(long = "queues.file", default_value = "queues")]
    ///     file: PathBuf,
    /// }
    ///
    /// /// The queues of the file, and a connection to their server.
    /// struct Queues {
    ///     names: Vec<String>,
    /// }
    ///
    /// impl Queues {
    ///     fn read(flags: &Flags) -> Result<Self, String> {
    ///         let text = std::fs::read_to_string(&flags.file);
    ///         let text = text.map_err(|error| format!("{}: {error}", flags.file.display()))?;
    ///         Ok(Self { names: text.lines().map(str::to_owned).collect() })
    ///     }
    /// }
    ///
    /// #[derive(Collector)]
    /// struct QueueMetrics {
    ///     /// Queues that are monitored.
    ///     queues: usize,
    /// }
    ///
    /// struct Lengths(Arc<Queues>);
    ///
    /// impl Source for Lengths {
    ///     type Metrics = QueueMetrics;
    ///     type Error = io::Error;
    ///
    ///     async fn scrape(&self) -> io::Result<QueueMetrics> {
    ///         Ok(QueueMetrics { queues: self.0.names.len() })
    ///     }
    /// }
    ///
    /// fn main() -> ExitCode {
    ///     Exporter::with_flags::<Flags>("queue_exporter")
    ///         .state(Queues::read)
    ///         .source_with("lengths", |_, queues| Lengths(queues))
    ///         .run()
    /// }
    /// ```
    pub fn state<M: MadeState>(
        self,
        make: impl FnOnce(&F) -> M + Send + 'static,
    ) -> Exporter<F, M::State> {
        let (sources, probes) = (self.sources.into_iter(), self.probes.into_iter());
        let collectors = self.collectors.into_iter();
        Exporter {
            settings: self.settings,
            registry: self.registry,
            state: State::Unmade(Box::new(|flags| make(flags).into_state())),
            collectors: collectors.map(Maker::ignoring_state).collect(),
            sources: sources.map(|(options, make)| (options, make.ignoring_state())).collect(),
            probes: probes.map(|(options, make)| (options, make.ignoring_state())).collect(),
            errors: self.errors,
        }
    }
}

impl<F: Args + 'static, S: Send + Sync + 'static> Exporter<F, S> {
    /// Registers a collector, see [`Registry::register`](crate::Registry::register). It is part of
    /// every scrape.
    pub fn register<C: IntoCollector>(self, collector: C) -> Self {
        // The compiler names the caller of the function in which a constant fails.
        const { assert_live(C::IS_LIVE) };
        let registered = self.registry.scope().add(collector.into_collector());
        self.with_error(registered.map(drop))
    }

    /// Registers a function that makes a struct of plain values at every scrape, see
    /// [`Registry::register_fn`](crate::Registry::register_fn). It must not wait: a function
    /// that waits is a [source](Self::source_fn).
    ///
    /// ```no_run
    /// use hello_exporter::{Collector, Exporter};
    /// use std::{process::ExitCode, time::Instant};
    ///
    /// #[derive(Collector)]
    /// struct Uptime {
    ///     /// Time since the start in seconds.
    ///     uptime_seconds: f64,
    /// }
    ///
    /// fn main() -> ExitCode {
    ///     let start = Instant::now();
    ///     Exporter::new("uptime_exporter")
    ///         .register_fn(move || Uptime { uptime_seconds: start.elapsed().as_secs_f64() })
    ///         .run()
    /// }
    /// ```
    pub fn register_fn<M: Declared + 'static>(
        self,
        function: impl Fn() -> M + Send + Sync + 'static,
    ) -> Self {
        let registered = self.registry.register_fn(function);
        self.with_error(registered.map(drop))
    }

    /// Makes a collector of the flags and the [state](Self::state): `make` returns what
    /// [`register`](Self::register) takes, or a `Result` of it.
    ///
    /// It is called once, at the start and by `--config.check`. Errors are reported as those of
    /// [`source_with`](Self::source_with).
    ///
    /// ```no_run
    /// use hello_exporter::{Collector, Counter, Exporter};
    /// use std::{process::ExitCode, sync::Arc, thread, time::Duration};
    ///
    /// #[derive(clap::Args)]
    /// struct Flags {
    ///     /// Seconds between two jobs.
    ///     #[arg(long = "jobs.period", default_value_t = 60)]
    ///     period: u64,
    /// }
    ///
    /// #[derive(Collector)]
    /// struct Jobs {
    ///     /// Jobs done.
    ///     jobs_total: Counter,
    /// }
    ///
    /// /// Starts a thread that does the jobs, and returns its metrics.
    /// fn start(flags: &Flags) -> Arc<Jobs> {
    ///     let jobs = Arc::new(Jobs::new());
    ///     let (done, period) = (Arc::clone(&jobs), Duration::from_secs(flags.period));
    ///     thread::spawn(move || {
    ///         loop {
    ///             done.jobs_total.inc();
    ///             thread::sleep(period);
    ///         }
    ///     });
    ///     jobs
    /// }
    ///
    /// fn main() -> ExitCode {
    ///     Exporter::with_flags::<Flags>("job_exporter").register_with(|flags, _| start(flags)).run()
    /// }
    /// ```
    pub fn register_with<M: MadeCollector>(
        mut self,
        make: impl FnOnce(&F, Arc<S>) -> M + Send + 'static,
    ) -> Self {
        // The compiler names the caller of the function in which a constant fails.
        const { assert_live(<M::Collector as IntoCollector>::IS_LIVE) };
        let make = |flags: &F, state| Ok(Some(make(flags, state).into_result()?.into_collector()));
        self.collectors.push(Maker::with(make));
        self
    }

    fn with_error(mut self, registered: Result<(), RegisterError>) -> Self {
        self.errors.extend(registered.err().map(DeclarationError::from));
        self
    }

    /// Runs a [`Source`] at every scrape; [`source`] says when to choose one.
    ///
    /// The flags `--collector.NAME` and `--no-collector.NAME` enable and disable it, `collect[]=NAME`
    /// and `exclude[]=NAME` in a query select it. `options` is its name, or [`SourceOptions`].
    pub fn source(self, options: impl Into<SourceOptions<F>>, source: impl Source) -> Self {
        let options = options.into();
        let name = options.name().clone();
        self.add_source(options, Maker::ready(move || ReadySource::new(&name, source)))
    }

    /// Calls an `async` function at every scrape, as a [source](Self::source).
    ///
    /// A closure names the error of its `Result`: `Ok::<_, io::Error>(…)`. An `async` block owns
    /// what it uses, so the closure around it clones that:
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

    /// Calls an `async` function of the [state](Self::state) at every scrape, as a
    /// [source](Self::source).
    ///
    /// ```
    /// use hello_exporter::{Collector, Exporter};
    /// use std::{io, sync::Arc};
    /// use tokio::net::TcpStream;
    ///
    /// /// What all sources use.
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

    /// Calls a function that may block at every scrape, as a [source](Self::source), on a thread of
    /// its own. Many functions that do not wait are cheaper [in turn](source::in_turn).
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

    /// Makes a [source](Self::source) of the flags and the [state](Self::state): `make` returns a
    /// [`Source`], or an `Option` or a `Result` of one. Functions become sources by
    /// [`async_fn`](source::async_fn), [`blocking_fn`](source::blocking_fn) and
    /// [`in_turn`](source::in_turn).
    ///
    /// `make` is called once, at the start, and not at all if the flags disable the source. `None`
    /// leaves the source out, as `--no-collector.NAME` does. An error or a panic is one line of the
    /// log, and the exit status is 1; functions that fail with the same error share the line. A
    /// [`std::io::Error`] does not name its file: add the path to it.
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
        self.add_source(options, Maker::with(make))
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

    /// Probes the targets that requests to a path name, see [`probe`]. `options` is the
    /// path, or [`ProbeOptions`].
    pub fn probe(self, options: impl Into<ProbeOptions<F>>, probe: impl Probe) -> Self {
        let options = options.into();
        let path = options.path().clone();
        self.add_probe(options, Maker::ready(move || ReadyProbe::new(&path, probe)))
    }

    /// Calls an `async` function for every request, as a [probe](Self::probe).
    ///
    /// ```
    /// use hello_exporter::probe::{ProbeRequest, Probed};
    /// use hello_exporter::{Collector, Exporter};
    /// use std::io;
    /// use tokio::net::TcpStream;
    ///
    /// #[derive(Collector)]
    /// struct Connected {
    ///     /// IP protocol of the connection, 4 or 6.
    ///     probe_ip_protocol: u8,
    /// }
    ///
    /// async fn connect(request: ProbeRequest) -> io::Result<Probed<Connected>> {
    ///     let address = TcpStream::connect(request.target()).await?.peer_addr()?;
    ///     let probe_ip_protocol = if address.is_ipv4() { 4 } else { 6 };
    ///     Ok(Probed::success(Connected { probe_ip_protocol }))
    /// }
    ///
    /// let exporter = Exporter::new("tcp_exporter").probe_fn("/probe", connect);
    /// # let _ = exporter;
    /// ```
    pub fn probe_fn<T, M, E>(
        self,
        options: impl Into<ProbeOptions<F>>,
        function: impl Fn(ProbeRequest) -> T + Send + Sync + 'static,
    ) -> Self
    where
        T: Future<Output = Result<Probed<M>, E>> + Send + 'static,
        M: Declared + Send + Sync + 'static,
        E: Into<BoxError> + Send + 'static,
    {
        self.probe(options, probe::async_fn(function))
    }

    /// Makes a [probe](Self::probe) of the flags and the [state](Self::state): `make` returns a
    /// [`Probe`], or an `Option` or a `Result` of one. If it returns `None`, the path is not served.
    /// Errors are reported as those of [`source_with`](Self::source_with).
    pub fn probe_with<M: MadeProbe>(
        self,
        options: impl Into<ProbeOptions<F>>,
        make: impl FnOnce(&F, Arc<S>) -> M + Send + 'static,
    ) -> Self {
        let options = options.into();
        let path = options.path().clone();
        let make = move |flags: &F, state| {
            let probe = make(flags, state).into_probe()?;
            Ok(probe.map(|probe| ReadyProbe::new(&path, probe)))
        };
        self.add_probe(options, Maker::with(make))
    }

    fn add_probe(mut self, options: ProbeOptions<F>, probe: Maker<F, S, ReadyProbe>) -> Self {
        self.probes.push((options, probe));
        self
    }
}
