//! The exporter as a program.

mod arguments;
mod assembly;
mod command;
mod declare;
mod environment;
mod error;
mod maker;
mod memory;
mod once;
mod run;
mod schema;
mod serve;
mod services;
mod signal;
mod stdout;
#[cfg(test)]
mod tests;

use std::time::Duration;

use clap::Args;

use crate::internals::{Registrable, metric_prefix};
use crate::registry::Registry;
pub use crate::server::build_info::BuildInfo;
use crate::server::cli::ListenAddress;
#[doc(hidden)]
pub use crate::server::connection::ConnectionLimits;
use crate::server::http::Deadline;
use crate::server::probe::{ProbeOptions, ReadyProbe};
use crate::server::source::{ReadySource, SourceOptions};
pub use error::{DeclarationError, ExporterError};
pub use maker::{MadeCollector, MadeState};
use maker::{Maker, SharedState};

/// An exporter: a name, what it exposes, and a server.
///
/// ```no_run
/// use hello_exporter::{Collector, Exporter, Gauge};
/// use std::process::ExitCode;
///
/// #[derive(Collector)]
/// struct Hello {
///     /// Display a.
///     a: Gauge,
/// }
///
/// fn main() -> ExitCode {
///     Exporter::new("hello_exporter").register(Hello::new()).run()
/// }
/// ```
///
/// Besides the registered metrics it exposes `<exporter>_build_info`, `promhttp_*`, `process_*` on
/// Linux, the outcomes of its [sources](crate::source), and counters of the series that scrapes
/// have dropped, if any.
///
/// With `--web.config.file` it can serve over TLS, and only to the users that the file lists.
/// `--config.check` checks the flags, the declaration and the file, without serving.
///
/// Mistakes in its declaration are kept until it [runs](Self::run), and then reported all at once.
///
/// `F` is the type of [its own flags](Self::with_flags), `S` of [the state](Self::state) that its
/// collectors, sources and probes share.
#[must_use = "an exporter does nothing until it runs"]
pub struct Exporter<F = (), S = ()> {
    settings: Settings,
    registry: Registry,
    state: SharedState<F, S>,
    collectors: Vec<Maker<F, S, Registrable>>,
    sources: Vec<(SourceOptions<F>, Maker<F, S, ReadySource>)>,
    probes: Vec<(ProbeOptions<F>, Maker<F, S, ReadyProbe>)>,
    errors: Vec<DeclarationError>,
}

/// The name of an exporter, and how it serves.
struct Settings {
    name: String,
    /// Prefix of the metrics about its sources; defaults to the name.
    metric_namespace: Option<String>,
    description: String,
    build_info: BuildInfo,
    listen_address: Option<ListenAddress>,
    /// Prefix of the environment variables of the flags; `None` if the flags have no variables.
    env_prefix: Option<String>,
    timeout_offset: Duration,
    fast_gzip: bool,
    connection_limits: ConnectionLimits,
}

impl Exporter {
    /// Creates an exporter without collectors. `name` is the name of the program, and the prefix of
    /// the exporter's own metrics. In the prefix, characters that are invalid in a metric name
    /// become `_`.
    pub fn new(name: impl Into<String>) -> Self {
        Self::with_flags(name)
    }

    /// Creates an exporter with flags of its own: any struct with `#[derive(clap::Args)]` or
    /// `#[derive(clap::Parser)]`. The functions that make the [state](Self::state),
    /// [collectors](Self::register_with), [sources](Self::source_with) and
    /// [probes](Self::probe_with) receive them.
    ///
    /// ```no_run
    /// use hello_exporter::{Collector, Exporter, source};
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
    /// fn main() -> ExitCode {
    ///     Exporter::with_flags::<Flags>("spool_exporter")
    ///         .source_with("spool", |flags, _| {
    ///             let path = flags.spool.clone();
    ///             source::blocking_fn(move || -> io::Result<Spool> {
    ///                 Ok(Spool { spool_entries: std::fs::read_dir(&path)?.count() as u64 })
    ///             })
    ///         })
    ///         .run()
    /// }
    /// ```
    ///
    /// Declare a flag that only one source needs as an `Option`, and let the function that makes
    /// this source return an error without it: the flag is then required only while the source is
    /// enabled.
    pub fn with_flags<F: Args + 'static>(name: impl Into<String>) -> Exporter<F> {
        Exporter {
            settings: Settings {
                name: name.into(),
                metric_namespace: None,
                description: String::new(),
                build_info: BuildInfo::default(),
                listen_address: None,
                env_prefix: None,
                timeout_offset: Deadline::DEFAULT_OFFSET,
                fast_gzip: true,
                connection_limits: ConnectionLimits::default(),
            },
            registry: Registry::new(),
            state: SharedState::ready(()),
            collectors: Vec::new(),
            sources: Vec::new(),
            probes: Vec::new(),
            errors: Vec::new(),
        }
    }
}

impl<F: Args + 'static, S: Send + Sync + 'static> Exporter<F, S> {
    /// Sets the version and revision that `--version`, the page at `/` and `<exporter>_build_info`
    /// show; see [`build_info!`](crate::build_info!).
    pub fn build_info(mut self, build_info: BuildInfo) -> Self {
        self.settings.build_info = build_info;
        self
    }

    /// Sets the description for `--help` and the page at `/`: one sentence.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.settings.description = description.into();
        self
    }

    /// Sets the prefix of the metrics about [sources](crate::source), which is the exporter's name
    /// by default. With `node`, a `node_exporter` exposes
    /// `node_scrape_collector_success{collector="…"}` and so on, as many dashboards expect, instead
    /// of `node_exporter_scrape_collector_success`.
    pub fn metric_namespace(mut self, namespace: impl Into<String>) -> Self {
        let namespace = Some(namespace.into());
        self.settings.metric_namespace = namespace.filter(|namespace| !namespace.is_empty());
        self
    }

    /// Sets the default of `--web.listen-address`, which is `0.0.0.0:9000` otherwise.
    pub fn listen_address(mut self, address: &str) -> Self {
        match address.parse() {
            Ok(address) => self.settings.listen_address = Some(address),
            Err(error) => self.errors.push(DeclarationError::ListenAddress(error)),
        }
        self
    }

    /// Sets how long before Prometheus' timeout a scrape ends, so that the response arrives in
    /// time: 0.5 seconds by default.
    ///
    /// The offset is at most half of the timeout, which Prometheus sends in the header
    /// `X-Prometheus-Scrape-Timeout-Seconds`.
    pub fn scrape_timeout_offset(mut self, offset: Duration) -> Self {
        self.settings.timeout_offset = offset;
        self
    }

    /// Sets whether this library compresses gzip for clients that scrape again and again, see
    /// [`respond::Request::fast_gzip`](crate::respond::Request::fast_gzip). By default it does.
    pub fn fast_gzip(mut self, fast_gzip: bool) -> Self {
        self.settings.fast_gzip = fast_gzip;
        self
    }

    /// Sets the limits of connections, for tests that cannot wait as long as the defaults.
    #[doc(hidden)]
    pub fn connection_limits(mut self, limits: ConnectionLimits) -> Self {
        self.settings.connection_limits = limits;
        self
    }

    /// Returns the registry that is served.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }
}

impl Settings {
    /// Returns the name as a prefix of metric names.
    fn metric_prefix(&self) -> String {
        metric_prefix(&self.name)
    }

    /// Returns the prefix of the metrics about sources.
    fn source_prefix(&self) -> String {
        metric_prefix(self.metric_namespace.as_ref().unwrap_or(&self.name))
    }
}

impl<F, S> std::fmt::Debug for Exporter<F, S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sources: Vec<_> = self.sources.iter().map(|(options, _)| options.name()).collect();
        formatter
            .debug_struct("Exporter")
            .field("name", &self.settings.name)
            .field("registry", &self.registry)
            .field("sources", &sources)
            .finish_non_exhaustive()
    }
}
