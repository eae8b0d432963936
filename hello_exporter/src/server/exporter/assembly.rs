//! Makes the declared parts from the flags, and assembles them for the server.

use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use tokio::runtime::Handle;
use tracing::info;

use super::command::Parsed;
use super::maker::MakeError;
use super::{DeclarationError, Exporter, ExporterError, Maker, Settings};
use crate::internals::{DropLog, FOREIGN_REGISTRY, Registrable, catch};
use crate::registry::{IntoCollector, RegisterError, Registry};
use crate::server::cli::{Flags, TelemetryPath};
use crate::server::config::{ReloadableConfig, Snapshots};
use crate::server::http::Limit;
use crate::server::options::ZeroTimeout;
use crate::server::probe::{AllowList, ProbeContext, ProbeOptions, ReadyProbe, ServedProbe};
use crate::server::reload_metrics::ReloadMetrics;
use crate::server::source::{Absence, ReadySource, SourceOptions, SourceRuntime, Sources};
use crate::server::web_config::WebConfigMetrics;

/// The parts that the services serve.
pub(super) struct Assembly {
    pub(super) sources: Arc<Sources>,
    pub(super) probes: Vec<Arc<ServedProbe>>,
    /// Limits concurrent scrapes.
    pub(super) limit: Arc<Limit>,
    /// Metrics about the web configuration file.
    pub(super) web_config: Arc<WebConfigMetrics>,
    pub(super) config: Option<ReloadableConfig>,
}

impl<F: Args + 'static, S: Send + Sync + 'static> Exporter<F, S> {
    /// Makes collectors, enabled sources and probes, and registers everything.
    pub(super) fn assemble(&mut self, parsed: &Parsed<F>) -> Result<Assembly, ExporterError> {
        // Without sources, the runtime is for tasks that the makers of collectors may start.
        let runs = parsed.enabled.len().max(usize::from(!self.collectors.is_empty()));
        let runtime = SourceRuntime::new("source", runs).map_err(ExporterError::Runtime)?;
        let supervisor = runtime.as_ref().map(|_| SourceRuntime::supervisor(runs)).transpose();
        let supervisor = supervisor.map_err(ExporterError::Runtime)?;
        // Probes have a runtime of their own, so that probes of a hundred dead targets delay no
        // source.
        let of_probes = SourceRuntime::probes(self.probes.len()).map_err(ExporterError::Runtime)?;

        self.check_state_is_used();
        self.check_variables();
        let config = self.open_config(parsed, runtime.as_ref().or(of_probes.as_ref()));
        let snapshots = config.as_ref().map(|it| it.config.snapshots.clone()).unwrap_or_default();
        // Before the probes get registries of their own.
        self.registry.show_only(parsed.flags.shown_families());
        let sources = self.make_sources(parsed, runtime.zip(supervisor), snapshots.clone());
        let probes =
            of_probes.map(|runtime| self.make_probes(parsed, &sources, &runtime, snapshots));
        let limit = Arc::new(Limit::new(parsed.flags.max_requests));
        let web_config = self.register_exporter(&parsed.flags, &limit);
        match self.take_errors() {
            Some(errors) => Err(ExporterError::Declaration(errors)),
            None => {
                let probes = probes.unwrap_or_default();
                let sources = Arc::new(sources);
                Ok(Assembly { sources, probes, limit, web_config, config })
            }
        }
    }

    /// Takes all errors, if there are any. The error of the state comes first.
    pub(super) fn take_errors(&mut self) -> Option<Vec<DeclarationError>> {
        let error = self.state.error().map(str::to_owned);
        let of_state = error.map(|error| DeclarationError::State { error });
        let others = DeclarationError::merged(std::mem::take(&mut self.errors));
        let errors: Vec<_> = of_state.into_iter().chain(others).collect();
        (!errors.is_empty()).then_some(errors)
    }

    /// Refuses a state that no maker receives: it would never be made.
    fn check_state_is_used(&mut self) {
        let of_sources = self.sources.iter().map(|(_, maker)| maker.has_state);
        let of_probes = self.probes.iter().map(|(_, maker)| maker.has_state);
        let of_collectors = self.collectors.iter().map(|maker| maker.has_state);
        let is_used = of_sources.chain(of_probes).chain(of_collectors).any(|has_state| has_state);
        if self.state.is_declared() && !is_used {
            self.errors.push(DeclarationError::UnusedState);
        }
    }

    /// Loads the declared configuration, if there is one, within a runtime, as
    /// [`make_sources`](Self::make_sources) makes the sources.
    fn open_config(
        &mut self,
        parsed: &Parsed<F>,
        runtime: Option<&Arc<SourceRuntime>>,
    ) -> Option<ReloadableConfig> {
        let runtime = runtime.map(|runtime| runtime.handle().clone());
        let entered = runtime.as_ref().map(Handle::enter);
        let config = self.state.open_config(parsed.config_file.clone(), &parsed.own)?;
        drop(entered);
        let metrics = Arc::new(ReloadMetrics::new());
        metrics.record(true);
        if parsed.flags.once.is_none() {
            let registered = register_config(&metrics, &self.settings, &self.registry);
            self.errors.extend(registered.err().map(DeclarationError::from));
        }
        Some(ReloadableConfig { config, metrics, runtime })
    }

    fn make_collectors(&mut self, flags: &F) {
        for maker in std::mem::take(&mut self.collectors) {
            let made = self.make(maker, || "a collector".to_owned(), flags);
            let registered = made.and_then(|made| {
                let registered = made.map(|collector| self.registry.scope().add(collector));
                registered.transpose().map_err(DeclarationError::from)
            });
            self.errors.extend(registered.err());
        }
    }

    /// Makes the collectors and the sources, within the runtime of the sources: their makers may
    /// start tasks there.
    fn make_sources(
        &mut self,
        parsed: &Parsed<F>,
        runtimes: Option<(Arc<SourceRuntime>, Arc<SourceRuntime>)>,
        snapshots: Snapshots,
    ) -> Sources {
        let mut sources = Sources::new(self.registry.clone()).with_config(snapshots);
        let entered = runtimes.as_ref().map(|(runtime, _)| runtime.handle().enter());
        self.make_collectors(&parsed.own);
        for (options, maker) in std::mem::take(&mut self.sources) {
            let name = options.name().clone();
            if !parsed.enabled.contains(&name) {
                maker.discard(&DropLog::new(name.clone()));
                sources.add_absent(name, Absence::Disabled);
            } else if let Err(error) = self.make_source(&mut sources, options, maker, &parsed.own) {
                self.errors.push(error);
            }
        }
        drop(entered);
        let own = sources.register_own(&self.settings.source_prefix());
        self.errors.extend(own.err().map(DeclarationError::from));
        match runtimes {
            Some((runtime, supervisor)) => sources.on(runtime, supervisor),
            None => sources,
        }
    }

    fn make_source(
        &mut self,
        sources: &mut Sources,
        options: SourceOptions<F>,
        maker: Maker<F, S, ReadySource>,
        flags: &F,
    ) -> Result<(), DeclarationError> {
        let name = options.name().clone();
        let part = || format!("source `{name}`");
        match self.make(maker, part, flags)? {
            Some(source) => {
                let settings = check_options(part, || options.settings(flags))?;
                sources.add(settings, source)?;
            }
            None => sources.add_absent(name, Absence::LeftOut),
        }
        Ok(())
    }

    /// Makes a collector, a source or a probe. Returns `None` if its maker leaves it out, or if the
    /// shared state could not be made, which is reported once.
    fn make<T: 'static>(
        &mut self,
        maker: Maker<F, S, T>,
        part: impl Fn() -> String,
        flags: &F,
    ) -> Result<Option<T>, DeclarationError> {
        match maker.make(flags, &mut self.state) {
            Ok(Some(made)) => Ok(Some(made)),
            Ok(None) => {
                info!("The flags leave out {}", part());
                Ok(None)
            }
            Err(MakeError::NoState) => Ok(None),
            Err(MakeError::Failed(error)) => {
                Err(DeclarationError::CannotMake { parts: vec![part()], error })
            }
        }
    }

    fn make_probes(
        &mut self,
        parsed: &Parsed<F>,
        sources: &Sources,
        runtime: &Arc<SourceRuntime>,
        snapshots: Snapshots,
    ) -> Vec<Arc<ServedProbe>> {
        // Makers may have left out sources that the flags enable.
        let is_absent = |name| sources.absent().iter().any(|(absent, _)| absent == name);
        let enabled = parsed.enabled.iter().filter(|name| !is_absent(*name));
        let context = ProbeContext {
            allowed: Arc::new(AllowList(parsed.allowed_targets.clone())),
            enabled: Arc::new(enabled.cloned().collect()),
            runtime: Arc::clone(runtime),
            registry: self.registry.clone(),
            snapshots,
            has_debug: parsed.has_probe_debug,
        };
        let _entered = runtime.handle().enter();
        let mut probes: Vec<Arc<ServedProbe>> = Vec::new();
        for (options, maker) in std::mem::take(&mut self.probes) {
            let path = options.path().clone();
            if let Err(error) = check_path(&path, &parsed.flags.telemetry_path) {
                maker.discard(&DropLog::new(path));
                self.errors.push(error);
                continue;
            }
            match self.make_probe(options, maker, &parsed.own, &context) {
                Ok(Some(_)) if probes.iter().any(|other| other.path() == path) => {
                    self.errors.push(DeclarationError::ProbePathTaken { path });
                }
                Ok(probe) => probes.extend(probe.map(Arc::new)),
                Err(error) => self.errors.push(error),
            }
        }
        probes
    }

    fn make_probe(
        &mut self,
        options: ProbeOptions<F>,
        maker: Maker<F, S, ReadyProbe>,
        flags: &F,
        context: &ProbeContext,
    ) -> Result<Option<ServedProbe>, DeclarationError> {
        let path = options.path().clone();
        let part = || format!("probe at `{path}`");
        let Some(probe) = self.make(maker, part, flags)? else { return Ok(None) };
        let options = check_options(part, || options.settings(flags))?;
        let served = ServedProbe::new(options, probe, context.clone());
        served.map(Some).map_err(|error| DeclarationError::Probe { path, error })
    }

    /// Registers the metrics of the exporter itself that the flags permit.
    fn register_exporter(&mut self, flags: &Flags, limit: &Limit) -> Arc<WebConfigMetrics> {
        self.register_own();
        let web_config = Arc::new(WebConfigMetrics::default());
        if flags.once.is_some() {
            return web_config;
        }
        if flags.web_config_file().is_some() {
            let errors = web_config.register(&self.settings.metric_prefix(), &self.registry);
            self.errors.extend(errors.map(DeclarationError::from));
        }
        if !flags.disable_exporter_metrics {
            self.register_program(limit);
        }
        web_config
    }

    pub(super) fn register_own(&mut self) {
        self.errors.extend(register_own(&self.settings, &self.registry));
    }

    pub(super) fn register_program(&mut self, limit: &Limit) {
        self.errors.extend(register_program(limit, &self.registry));
    }
}

/// Registers the metrics that every exporter exposes about itself.
pub(super) fn register_own(settings: &Settings, registry: &Registry) -> Vec<DeclarationError> {
    let prefix = settings.metric_prefix();
    let build_info = settings.build_info.collector();
    let health = registry.health();
    let results = [
        registry.scope().prefix(&prefix).add(build_info.into_collector().never_blocks()),
        registry.scope().prefix(&prefix).last().register(health),
    ];
    results.into_iter().filter_map(Result::err).map(DeclarationError::from).collect()
}

/// Registers the metrics about the reloads of the configuration.
pub(super) fn register_config(
    metrics: &Arc<ReloadMetrics>,
    settings: &Settings,
    registry: &Registry,
) -> Result<(), RegisterError> {
    let prefix = settings.metric_prefix() + "config_";
    registry.scope().prefix(prefix).register(Arc::clone(metrics)).map(drop)
}

/// Registers the metrics of the process and of the scrapes.
pub(super) fn register_program(limit: &Limit, registry: &Registry) -> Vec<DeclarationError> {
    let scrapes = registry.scope().last().register(limit.metrics()).err();
    let mut errors: Vec<DeclarationError> = scrapes.and_then(unless_foreign).into_iter().collect();
    #[cfg(target_os = "linux")]
    {
        let process = crate::server::process::OwnProcess::new();
        let process = Registrable::function(move || process.metrics()).never_blocks();
        let process = registry.scope().add(process).err();
        errors.extend(process.and_then(unless_foreign));
    }
    errors
}

/// Returns the error, unless a foreign registry has `process_*` or `promhttp_*` of its own, which
/// are exposed instead.
fn unless_foreign(error: RegisterError) -> Option<DeclarationError> {
    if error.other() == Some(FOREIGN_REGISTRY) {
        tracing::debug!(%error, "Not exposing own metrics that a foreign registry has");
        return None;
    }
    Some(error.into())
}

/// Checks that probes can be served at `path`, next to the page at `/` and the metrics.
fn check_path(path: &str, telemetry_path: &TelemetryPath) -> Result<(), DeclarationError> {
    let owned = || path.to_owned().into();
    if path == "/" || path == telemetry_path.as_str() {
        return Err(DeclarationError::ProbePathTaken { path: owned() });
    }
    let parsed = TelemetryPath::from_str(path);
    parsed.map(drop).map_err(|error| DeclarationError::ProbePath { path: owned(), error })
}

/// Calls the author's functions that compute the options of a part from the flags.
fn check_options<O>(
    part: impl Fn() -> String,
    take: impl FnOnce() -> Result<O, ZeroTimeout>,
) -> Result<O, DeclarationError> {
    let taken = catch(take).map_err(|panic| format!("panicked: {panic}"));
    taken
        .and_then(|options| options.map_err(|error| error.to_string()))
        .map_err(|error| DeclarationError::CannotMake { parts: vec![part()], error })
}
