//! The exporter as a program.

mod arguments;
mod assembly;
mod command;
mod connection;
mod error;
mod listener;
mod memory;
mod server;
mod signal;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tracing::error;

#[doc(hidden)]
pub use connection::ConnectionLimits;
pub use error::{DeclarationError, ExporterError};

pub use crate::build_info::BuildInfo;
use crate::cli::ListenAddress;
use crate::collect::Declared;
use crate::http::{Deadline, WebConfig};
use crate::probe::{IntoProbe, ProbeOptions, UnbuiltProbe};
use crate::registry::{IntoCollector, Registry, assert_live};
use crate::source::{IntoSource, SourceOptions, UnbuiltSource};
use crate::{log, name};
use command::Parsed;

/// An exporter: a name, what it exposes, and a server.
///
/// ```no_run
/// use hello_exporter::{Collector, Exporter, Gauge};
/// use std::process::ExitCode;
///
/// #[derive(Collector)]
/// struct Hello {
///     /// Display a.
///     #[metric]
///     a: Gauge,
/// }
///
/// #[actix_web::main]
/// async fn main() -> ExitCode {
///     Exporter::new("hello_exporter").register(Hello::new()).run().await
/// }
/// ```
///
/// Beside what is registered it exposes `<exporter>_build_info`, `promhttp_*`, `process_*` where there is a
/// `/proc`, how its [sources](crate::source) have fared, and, once there is any, what scrapes have lost.
///
/// With `--web.config.file` it serves over TLS, and whom that file allows; `--config.check` says whether it
/// would start.
///
/// Whatever is wrong with what it is given is kept until it [runs](Self::run), and then reported at once.
///
/// `F` is the type of [its own flags](Self::flags).
#[must_use = "an exporter does nothing until it runs"]
pub struct Exporter<F = ()> {
    name: String,
    /// What stands in front of what is told of its sources, if it is not the name.
    metric_namespace: Option<String>,
    description: String,
    build_info: BuildInfo,
    listen_address: Option<ListenAddress>,
    registry: Registry,
    sources: Vec<(SourceOptions, UnbuiltSource<F>)>,
    probes: Vec<(ProbeOptions, UnbuiltProbe<F>)>,
    timeout_offset: Duration,
    connection_limits: ConnectionLimits,
    errors: Vec<DeclarationError>,
}

impl Exporter {
    /// An exporter without collectors. The name is that of the program; as a prefix of metrics,
    /// whatever a metric name cannot contain becomes `_`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            metric_namespace: None,
            description: String::new(),
            build_info: BuildInfo::default(),
            listen_address: None,
            registry: Registry::new(),
            sources: Vec::new(),
            probes: Vec::new(),
            timeout_offset: Deadline::DEFAULT_OFFSET,
            connection_limits: ConnectionLimits::default(),
            errors: Vec::new(),
        }
    }

    /// Takes flags of its own, which the functions that make [sources](Self::source) and
    /// [probes](Self::probe) are handed: any struct with `#[derive(clap::Args)]` or `#[derive(clap::Parser)]`.
    ///
    /// ```no_run
    /// use hello_exporter::{Collector, Exporter};
    /// use std::{io, process::ExitCode};
    ///
    /// #[derive(clap::Args)]
    /// struct Flags {
    ///     /// Directory to look at.
    ///     #[arg(long = "path.spool", default_value = "/var/spool")]
    ///     spool: String,
    /// }
    ///
    /// #[derive(Collector)]
    /// struct Spool {
    ///     /// Entries in the spool directory.
    ///     spool_entries: u64,
    /// }
    ///
    /// #[actix_web::main]
    /// async fn main() -> ExitCode {
    ///     Exporter::new("spool_exporter")
    ///         .flags::<Flags>()
    ///         .source("spool", |flags: &Flags| {
    ///             let path = flags.spool.clone();
    ///             move || -> io::Result<Spool> {
    ///                 Ok(Spool { spool_entries: std::fs::read_dir(&path)?.count() as u64 })
    ///             }
    ///         })
    ///         .run()
    ///         .await
    /// }
    /// ```
    ///
    /// A flag that one source alone needs is best an `Option`, which the function that makes the source requires:
    /// where the source is disabled nobody has to give it.
    ///
    /// The error or the panic of such a function is one line of the log, and the exit status is 1.
    /// Functions that fail with the same error share the line. A [`std::io::Error`] does not name
    /// its file: add the path to it, as the readers of [`client`](crate::client) do.
    pub fn flags<F: Args + 'static>(self) -> Exporter<F> {
        let sources = self.sources.into_iter();
        let probes = self.probes.into_iter();
        Exporter {
            name: self.name,
            metric_namespace: self.metric_namespace,
            description: self.description,
            build_info: self.build_info,
            listen_address: self.listen_address,
            registry: self.registry,
            sources: sources
                .map(|(it, source)| (it, UnbuiltSource(source.0.for_flags())))
                .collect(),
            probes: probes.map(|(it, probe)| (it, UnbuiltProbe(probe.0.for_flags()))).collect(),
            timeout_offset: self.timeout_offset,
            connection_limits: self.connection_limits,
            errors: self.errors,
        }
    }
}

impl<F: Args + 'static> Exporter<F> {
    /// What `--version`, the page at `/` and `<exporter>_build_info` say; see
    /// [`build_info!`](crate::build_info!).
    pub fn build_info(mut self, build_info: BuildInfo) -> Self {
        self.build_info = build_info;
        self
    }

    /// One sentence for `--help` and the page at `/`.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// What stands in front of the names that tell how its [sources](Self::source) have fared, if it is not the
    /// exporter's name: with `node` a `node_exporter` exposes `node_scrape_collector_success{collector="…"}`, and so on, as
    /// many dashboards have it, instead of `node_exporter_scrape_collector_success`.
    pub fn metric_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.metric_namespace = Some(namespace.into()).filter(|namespace| !namespace.is_empty());
        self
    }

    /// Where to listen unless `--web.listen-address` says otherwise; `0.0.0.0:9000` if this is not called.
    pub fn listen_address(mut self, address: &str) -> Self {
        match address.parse() {
            Ok(address) => self.listen_address = Some(address),
            Err(error) => self.errors.push(DeclarationError::ListenAddress(error)),
        }
        self
    }

    /// Registers a collector that has its samples ready, see [`Registry::register`]. It is part of every
    /// scrape. What has to be waited for is a [source](Self::source).
    pub fn register<C: IntoCollector>(mut self, collector: C) -> Self {
        // The compiler names the caller of the function in which a constant fails.
        const { assert_live(C::IS_LIVE) };
        let registered = self.registry.scope().add(collector.into_collector());
        self.errors.extend(registered.err().map(Into::into));
        self
    }

    /// Registers a function that makes a collector at every scrape, see [`Registry::register_fn`].
    pub fn register_fn<T: Declared + 'static>(
        mut self,
        make: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        self.errors.extend(self.registry.register_fn(make).err().map(Into::into));
        self
    }

    /// Asks a source at every scrape: see [`source`](crate::source) for when to choose one, and
    /// [`IntoSource`] for what can be one.
    ///
    /// The flags `--collector.NAME` and `--no-collector.NAME` enable and disable it, `collect[]=NAME` and
    /// `exclude[]=NAME` in a query select it. `options` is its name, or [`SourceOptions`].
    ///
    /// ```no_run
    /// use hello_exporter::{Collector, Exporter, source::SourceOptions};
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
    /// #[actix_web::main]
    /// async fn main() -> ExitCode {
    ///     let options = SourceOptions::new("spool").timeout(Duration::from_secs(2));
    ///     Exporter::new("spool_exporter").source(options, spool).run().await
    /// }
    /// ```
    pub fn source<K>(
        mut self,
        options: impl Into<SourceOptions>,
        source: impl IntoSource<F, K>,
    ) -> Self {
        let options = options.into();
        let name = options.name().clone();
        if !options.has_sound_name() {
            self.errors.push(DeclarationError::SourceName { name });
        } else if self.sources.iter().any(|(other, _)| *other.name() == name) {
            self.errors.push(DeclarationError::SourceTwice { name });
        } else {
            self.sources.push((options, source.into_source()));
        }
        self
    }

    /// Probes the targets that requests to this path name: see [`probe`](crate::probe). `options` is the path, or
    /// [`ProbeOptions`].
    pub fn probe<K>(
        mut self,
        options: impl Into<ProbeOptions>,
        probe: impl IntoProbe<F, K>,
    ) -> Self {
        self.probes.push((options.into(), probe.into_probe()));
        self
    }

    /// How much earlier than Prometheus' own timeout a scrape is answered, 0.5 seconds unless it is said here.
    /// It never takes more than half of that timeout, which the header
    /// `X-Prometheus-Scrape-Timeout-Seconds` tells.
    pub fn scrape_timeout_offset(mut self, offset: Duration) -> Self {
        self.timeout_offset = offset;
        self
    }

    /// What clients are granted, for tests that cannot wait for as long.
    #[doc(hidden)]
    pub fn connection_limits(mut self, limits: ConnectionLimits) -> Self {
        self.connection_limits = limits;
        self
    }

    /// The registry that is served.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Runs until SIGTERM or SIGINT, with the flags of the command line, and returns the exit
    /// status: 0 after a signal, once requests under way are answered, which takes ten seconds at
    /// most; 1 for what fails; 2 for flags that cannot be understood. A second signal ends it at
    /// once, with the status that a shell reports for a program that the signal has killed: 143 for
    /// SIGTERM, 130 for SIGINT.
    pub async fn run(self) -> ExitCode {
        self.run_from(std::env::args_os()).await
    }

    /// [`run`](Self::run) with another command line, the name of the program included.
    pub async fn run_from(
        self,
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> ExitCode {
        match self.parse(arguments) {
            Ok(Some(parsed)) => self.run_parsed(parsed).await,
            Ok(None) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = error.print();
                ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
            }
        }
    }

    async fn run_parsed(self, parsed: Parsed<F>) -> ExitCode {
        log::init(&parsed.flags);
        memory::give_back();
        let result = match parsed.flags.config_check {
            true => self.check(&parsed).map(|()| ExitCode::SUCCESS),
            false => self.serve(parsed).await,
        };
        result.unwrap_or_else(|error| {
            for message in error.messages() {
                error!("{message}");
            }
            ExitCode::FAILURE
        })
    }

    /// Says whether it would start with these flags, short of listening.
    fn check(mut self, parsed: &Parsed<F>) -> Result<(), ExporterError> {
        self.assemble(parsed)?;
        match parsed.flags.web_config_file() {
            Some(file) => {
                WebConfig::check(file)?;
                println!("the flags and {} are valid", file.display());
            }
            None => println!("the flags are valid"),
        }
        Ok(())
    }

    /// The name, as the first part of a metric's name.
    fn metric_prefix(&self) -> String {
        name::prefix(&self.name)
    }

    /// What stands in front of what is told of sources.
    fn source_prefix(&self) -> String {
        name::prefix(self.metric_namespace.as_ref().unwrap_or(&self.name))
    }
}

impl<F> std::fmt::Debug for Exporter<F> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sources: Vec<_> = self.sources.iter().map(|(options, _)| options.name()).collect();
        formatter
            .debug_struct("Exporter")
            .field("name", &self.name)
            .field("registry", &self.registry)
            .field("sources", &sources)
            .finish_non_exhaustive()
    }
}
