//! Declares what an exporter exposes: its collectors, and the state that they share with sources
//! and probes.

mod config;
mod probe;
mod source;

use std::sync::Arc;

use clap::Args;

use super::{DeclarationError, Exporter, MadeCollector, MadeState, Maker, SharedState};
use crate::collect::Declared;
use crate::internals::assert_live;
use crate::registry::{IntoCollector, RegisterError};

impl<F: Args + 'static> Exporter<F> {
    /// Makes the state that the functions of [`source_with`](Self::source_with),
    /// [`probe_with`](Self::probe_with) and [`register_with`](Self::register_with) share, such as a
    /// connection or a parsed file. `make` receives the flags, and returns a `Result` of the state,
    /// or an `Arc` of it if it cannot fail. Functions that are declared before `state` receive no
    /// state.
    ///
    /// `make` is called once, before the first of these functions, and not at all if the flags
    /// disable all of them. If it fails or panics, the exporter reports one error and does not
    /// start. A state that no function receives is an error as well. `make` may block; to wait for
    /// a future, it calls `tokio::runtime::Handle::current().block_on(…)`.
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
    /// /// The queues that the file names.
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
        self.with_state(SharedState::Unmade(Box::new(|flags| make(flags).into_state())))
    }

    /// Adds a state for the parts that are declared later.
    fn with_state<S: 'static>(self, state: SharedState<F, S>) -> Exporter<F, S> {
        let (sources, probes) = (self.sources.into_iter(), self.probes.into_iter());
        let collectors = self.collectors.into_iter();
        Exporter {
            settings: self.settings,
            registry: self.registry,
            state,
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
        // If this constant fails, the compiler's error names the caller of this function.
        const { assert_live(C::IS_LIVE) };
        let registered = self.registry.scope().add(collector.into_collector());
        self.with_error(registered.map(drop))
    }

    /// Registers a function that makes a struct of plain values at every scrape, see
    /// [`Registry::register_fn`](crate::Registry::register_fn). The function must not wait: declare
    /// one that waits as a [source](Self::source_fn).
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

    /// Makes a collector from the flags and the [state](Self::state): `make` returns a collector
    /// for [`register`](Self::register), or a `Result` of one.
    ///
    /// `make` is called once, at startup, and with `--config.check`. Errors are reported like
    /// those of [`source_with`](Self::source_with).
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
        // If this constant fails, the compiler's error names the caller of this function.
        const { assert_live(<M::Collector as IntoCollector>::IS_LIVE) };
        let make = |flags: &F, state| Ok(Some(make(flags, state).into_result()?.into_collector()));
        let declarations = || <M::Collector as IntoCollector>::families().into();
        self.collectors.push(Maker::with(declarations, make));
        self
    }

    fn with_error(mut self, registered: Result<(), RegisterError>) -> Self {
        self.errors.extend(registered.err().map(DeclarationError::from));
        self
    }
}
