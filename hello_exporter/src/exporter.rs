//! The exporter as a program.

mod signal;

use std::io;
use std::net::TcpListener;
use std::process::ExitCode;

use actix_web::{App, HttpServer, web};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use tracing::{error, info};

use crate::cli::{Flags, ListenAddress, ParseAddressError};
use crate::http::{Landing, Metrics, healthy, not_found, ready};
use crate::registry::{FOREIGN_REGISTRY, IntoCollector, RegisterError, Registry};
use crate::{BuildInfo, log};

/// An exporter: a name, the collectors it exposes, and a server.
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
/// Beside what is registered it exposes `<exporter>_build_info`, `process_*` where there is a
/// `/proc`, and, once there is any, what scrapes have lost.
#[derive(Debug)]
#[must_use = "an exporter does nothing until it runs"]
pub struct Exporter {
    name: String,
    description: String,
    build_info: BuildInfo,
    listen_address: Option<Result<ListenAddress, ParseAddressError>>,
    registry: Registry,
    errors: Vec<RegisterError>,
}

/// Why an exporter could not start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExporterError {
    /// Collectors that were refused.
    #[error("{}", lines(.0))]
    Register(Vec<RegisterError>),
    /// An address that cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address as it was given.
        address: ListenAddress,
        /// The reason.
        #[source]
        error: io::Error,
    },
    /// What [`Exporter::listen_address`] was given is no address.
    #[error("`listen_address` of the exporter: {0}")]
    DefaultAddress(#[source] ParseAddressError),
    /// The server failed.
    #[error("the server failed: {0}")]
    Serve(#[source] io::Error),
}

fn lines(errors: &[RegisterError]) -> String {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl Exporter {
    /// An exporter without collectors. The name is that of the program; as a prefix of metrics,
    /// whatever a metric name cannot contain becomes `_`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            build_info: BuildInfo::default(),
            listen_address: None,
            registry: Registry::new(),
            errors: Vec::new(),
        }
    }

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

    /// Where to listen unless a flag says otherwise; `0.0.0.0:9000` if this is not called.
    ///
    /// [`run`](Self::run) uses it. An exporter with a `clap` struct of its own gives its default
    /// there.
    pub fn listen_address(mut self, address: &str) -> Self {
        self.listen_address = Some(address.parse());
        self
    }

    /// Registers a collector, see [`Registry::register`]. An error is kept, and reported when the
    /// exporter runs, beside all others.
    pub fn register<K>(mut self, collector: impl IntoCollector<K>) -> Self {
        if let Err(error) = self.registry.register(collector) {
            self.errors.push(error);
        }
        self
    }

    /// The registry that is served.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Runs until SIGTERM or SIGINT, with the flags of the command line, and gives the exit status: 0
    /// after a signal, 1 for what fails, 2 for flags that cannot be understood.
    pub async fn run(self) -> ExitCode {
        let flags = self.command().try_get_matches().and_then(|matches| self.flags(&matches));
        match flags {
            Ok(Some(flags)) => self.run_with(flags).await,
            Ok(None) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = error.print();
                ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
            }
        }
    }

    /// Runs until SIGTERM or SIGINT with flags that are parsed already, and gives the exit status.
    pub async fn run_with(self, flags: Flags) -> ExitCode {
        log::init(&flags);
        match self.serve(&flags).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                for line in error.to_string().lines() {
                    error!("{line}");
                }
                ExitCode::FAILURE
            }
        }
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// # Errors
    ///
    /// A collector was refused, an address cannot be listened on, or the server failed.
    pub async fn serve(mut self, flags: &Flags) -> Result<(), ExporterError> {
        self.register_own();
        if let Some(Err(error)) = self.listen_address {
            return Err(ExporterError::DefaultAddress(error));
        }
        if !self.errors.is_empty() {
            return Err(ExporterError::Register(self.errors));
        }
        let listeners = listen(&flags.listen_addresses)?;
        info!(version = self.build_info.version(), "Starting {}", self.name);
        self.serve_on(listeners, flags).await.map_err(ExporterError::Serve)?;
        info!("Stopped");
        Ok(())
    }

    fn command(&self) -> Command {
        let version = Arg::new("version")
            .long("version")
            .help("Print the version and what it was built with")
            .action(ArgAction::SetTrue);
        let command = Flags::augment_args(Command::new(self.name.clone()));
        let command = command.about(self.description.clone()).long_about(None).arg(version);
        match &self.listen_address {
            Some(Ok(address)) => {
                let address = address.to_string();
                command.mut_arg("listen_addresses", |arg| arg.default_value(address))
            }
            _ => command,
        }
    }

    /// The flags, or nothing where the version was asked for, and is printed.
    fn flags(&self, matches: &ArgMatches) -> Result<Option<Flags>, clap::Error> {
        if matches.get_flag("version") {
            print!("{}, {}", self.name, self.build_info);
            return Ok(None);
        }
        Flags::from_arg_matches(matches).map(Some)
    }

    /// Registers what every exporter exposes of itself.
    fn register_own(&mut self) {
        let prefix = self.metric_prefix();
        let build_info = self.build_info.collector();
        let health = self.registry.health();
        let results = [
            self.registry.wrap().prefix(&prefix).register(build_info),
            self.registry.wrap().prefix(&prefix).last().register(health),
        ];
        self.errors.extend(results.into_iter().filter_map(Result::err));
        #[cfg(target_os = "linux")]
        self.register_process();
    }

    /// An existing registry may have `process_*` of its own, which then stand.
    #[cfg(target_os = "linux")]
    fn register_process(&mut self) {
        match self.registry.register(crate::process::ProcessMetrics::read) {
            Ok(_) => {}
            Err(error) if error.other() == Some(FOREIGN_REGISTRY) => {
                tracing::debug!(%error, "Not exposing process metrics of our own");
            }
            Err(error) => self.errors.push(error),
        }
    }

    /// The name, as the first part of a metric's name.
    fn metric_prefix(&self) -> String {
        let is_accepted = |character: char| character == '_' || character.is_ascii_alphanumeric();
        let prefix = self.name.replace(|character| !is_accepted(character), "_") + "_";
        let has_digit = prefix.starts_with(|first: char| first.is_ascii_digit());
        if has_digit { format!("_{prefix}") } else { prefix }
    }

    async fn serve_on(&self, listeners: Vec<TcpListener>, flags: &Flags) -> io::Result<()> {
        let path = flags.telemetry_path.as_str();
        let metrics = Metrics::new(self.registry.clone()).path(path);
        let landing = Landing::new(&self.name, self.build_info.version(), &self.description, path);
        let landing = (path != "/").then_some(landing);
        let app = move || {
            let pages = landing.clone();
            App::new()
                .service(metrics.clone())
                .service(healthy())
                .service(ready())
                .configure(move |config| {
                    pages.into_iter().for_each(|page| {
                        config.service(page);
                    });
                })
                .default_service(web::to(not_found))
        };
        let mut server = HttpServer::new(app)
            .workers(WORKERS)
            .shutdown_timeout(DRAIN_SECONDS)
            .shutdown_signal(signal::termination()?);
        for listener in listeners {
            let address = listener.local_addr()?;
            server = server.listen(listener)?;
            info!(%address, "Listening on");
        }
        server.run().await
    }
}

/// An exporter is scraped by few; its workers only shift bytes.
const WORKERS: usize = 2;

/// How long scrapes may go on after a signal.
const DRAIN_SECONDS: u64 = 10;

fn listen(addresses: &[ListenAddress]) -> Result<Vec<TcpListener>, ExporterError> {
    let listen = |address: &ListenAddress| {
        address.bind().map_err(|error| ExporterError::Listen { address: address.clone(), error })
    };
    addresses.iter().map(listen).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        Collect, CounterVec, Desc, Describe, FamilyEncoder, Format, HistogramSnapshot, MetricType,
    };

    /// What the exporter exposes, without what differs from one moment to the next.
    fn exposition(exporter: &Exporter) -> String {
        let mut buffer = Vec::new();
        exporter.registry().encode(Format::Text, &mut buffer);
        let text = String::from_utf8(buffer).unwrap();
        let own = |line: &&str| !line.contains("process_") && !line.contains("build_info");
        text.lines().filter(own).map(|line| line.to_owned() + "\n").collect()
    }

    struct Faulty;

    impl Describe for Faulty {
        fn describe(&self) -> Vec<Desc> {
            vec![Desc::new("z", "Help.", MetricType::Gauge).with_labels(["x"])]
        }
    }

    impl Collect for Faulty {
        fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
            encoder.sample(["one"], 1);
            encoder.sample(["one"], 2);
            encoder.sample(["one", "two"], 3);
        }
    }

    #[derive(hello_exporter_derive::Collector)]
    #[collector(crate = crate)]
    struct Limited {
        #[metric(help = "Help.", labels = ["x"], max_series = 2)]
        y: CounterVec<1>,
    }

    #[test]
    fn what_scrapes_lose_is_exposed_last_under_the_exporters_name() {
        let limited = Arc::new(Limited::new());
        let mut exporter =
            Exporter::new("my-exporter").register(Faulty).register(Arc::clone(&limited));
        exporter.register_own();
        assert!(exporter.errors.is_empty());
        for value in ["a", "b", "c", "c", "a"] {
            limited.y.with([value]).inc();
        }
        exposition(&exporter);
        limited.y.with(["d"]).inc();
        assert_eq!(
            exposition(&exporter),
            "\
# HELP y Help.
# TYPE y counter
y{x=\"a\"} 2
y{x=\"b\"} 1
# HELP z Help.
# TYPE z gauge
z{x=\"one\"} 1
# HELP my_exporter_dropped_series_total Series that were not exposed: their family clashed with another one, they were none of its samples, or one too many for it.
# TYPE my_exporter_dropped_series_total counter
my_exporter_dropped_series_total{family=\"y\"} 3
my_exporter_dropped_series_total{family=\"z\"} 2
# HELP my_exporter_scrape_duplicate_series_total Series that were not exposed because their collector had written the same label set before.
# TYPE my_exporter_scrape_duplicate_series_total counter
my_exporter_scrape_duplicate_series_total{collector=\"hello_exporter::exporter::tests::Faulty\"} 2
"
        );
    }

    #[test]
    fn what_was_not_lost_is_not_exposed() {
        struct Misfit;
        impl Describe for Misfit {
            fn describe(&self) -> Vec<Desc> {
                Faulty.describe()
            }
        }
        impl Collect for Misfit {
            fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
                encoder.sample(["one", "two"], 1);
            }
        }

        let mut exporter = Exporter::new("x").register(Misfit);
        exporter.register_own();
        exposition(&exporter);
        let text = exposition(&exporter);
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(samples, ["x_dropped_series_total{family=\"z\"} 2"]);
    }

    #[test]
    fn samples_that_are_not_those_of_their_type_are_counted() {
        #[derive(hello_exporter_derive::Collector)]
        #[collector(crate = crate)]
        struct Counters {
            #[metric(counter, help = "Help.", labels = ["x"])]
            a_total: Vec<(u8, f64)>,
            #[metric(counter, help = "Help.")]
            b_total: i64,
        }

        struct Misfit;
        impl Describe for Misfit {
            fn describe(&self) -> Vec<Desc> {
                let desc = |name, metric_type| Desc::new(name, "Help.", metric_type);
                vec![
                    desc("c", MetricType::Gauge),
                    desc("d", MetricType::Histogram),
                    desc("e", MetricType::StateSet),
                    desc("f_info", MetricType::Info),
                ]
            }
        }
        impl Collect for Misfit {
            fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
                encoder.value(&HistogramSnapshot::default());
                encoder.value(2);
            }
        }

        let a_total = vec![(0, -0.5), (1, f64::NAN), (2, 0.5), (2, -1.0), (2, 1.0)];
        let counters = Counters { a_total, b_total: -1 };
        let mut exporter = Exporter::new("x").register(counters).register(Misfit);
        exporter.register_own();
        assert_eq!(
            exposition(&exporter),
            "\
# HELP a_total Help.
# TYPE a_total counter
a_total{x=\"2\"} 0.5
# HELP c Help.
# TYPE c gauge
c 2
# HELP d Help.
# TYPE d histogram
d_bucket{le=\"+Inf\"} 0
d_sum 0
d_count 0
# HELP x_dropped_series_total Series that were not exposed: their family clashed with another one, they were none of its samples, or one too many for it.
# TYPE x_dropped_series_total counter
x_dropped_series_total{family=\"a_total\"} 3
x_dropped_series_total{family=\"b_total\"} 1
x_dropped_series_total{family=\"c\"} 1
x_dropped_series_total{family=\"d\"} 1
x_dropped_series_total{family=\"e\"} 2
x_dropped_series_total{family=\"f_info\"} 2
# HELP x_scrape_duplicate_series_total Series that were not exposed because their collector had written the same label set before.
# TYPE x_scrape_duplicate_series_total counter
x_scrape_duplicate_series_total{collector=\"hello_exporter::exporter::tests::samples_that_are_not_those_of_their_type_are_counted::Counters\"} 1
"
        );
    }

    #[test]
    fn what_max_series_drops_is_counted_and_what_is_removed_is_not() {
        let limited = Arc::new(Limited::new());
        let mut exporter = Exporter::new("x").register(Arc::clone(&limited));
        exporter.register_own();
        let pinned = limited.y.with(["c"]).pin();
        for value in ["a", "b"] {
            limited.y.with([value]).inc();
        }
        pinned.inc();
        limited.y.remove(["a"]);
        pinned.inc();
        assert_eq!(
            exposition(&exporter),
            "\
# HELP y Help.
# TYPE y counter
y{x=\"b\"} 1
y{x=\"c\"} 1
# HELP x_dropped_series_total Series that were not exposed: their family clashed with another one, they were none of its samples, or one too many for it.
# TYPE x_dropped_series_total counter
x_dropped_series_total{family=\"y\"} 1
"
        );
    }

    #[test]
    fn a_name_that_begins_with_a_digit_has_a_prefix_all_the_same() {
        let mut exporter = Exporter::new("3proxy exporter");
        exporter.register_own();
        assert!(exporter.errors.is_empty());
        assert_eq!(exporter.metric_prefix(), "_3proxy_exporter_");
    }

    #[cfg(all(target_os = "linux", feature = "prometheus"))]
    #[test]
    fn process_metrics_give_way_to_a_foreign_registry_and_to_nothing_else() {
        let foreign = prometheus::Registry::new();
        let gauge = prometheus::IntGauge::new("process_threads", "Threads.").unwrap();
        foreign.register(Box::new(gauge)).unwrap();
        let mut exporter = Exporter::new("x").register(foreign);
        exporter.register_own();
        assert!(exporter.errors.is_empty());
        let mut buffer = Vec::new();
        exporter.registry().encode(Format::Text, &mut buffer);
        let text = String::from_utf8(buffer).unwrap();
        let process: Vec<&str> = text.lines().filter(|line| line.starts_with("process_")).collect();
        assert_eq!(process, ["process_threads 0"]);

        #[derive(hello_exporter_derive::Collector)]
        #[collector(crate = crate)]
        struct Own {
            /// Threads.
            process_threads: f64,
        }
        let mut exporter = Exporter::new("x").register(Own::new());
        exporter.register_own();
        assert_eq!(exporter.errors.len(), 1);
    }
}
