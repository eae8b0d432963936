//! From what was declared, and the flags, to what is served.

use std::str::FromStr;
use std::sync::Arc;

use clap::Args;

use super::command::Parsed;
use super::{DeclarationError, Exporter, ExporterError};
use crate::cli::TelemetryPath;
use crate::http::Limit;
use crate::probe::{AllowList, ProbeOptions, Probing, UnbuiltProbe};
use crate::registry::{FOREIGN_REGISTRY, RegisterError};
use crate::source::{Failure, SourceOptions, SourceRuntime, Sources, Unbuilt};

/// What is served.
pub(super) struct Assembly {
    pub(super) sources: Arc<Sources>,
    pub(super) probes: Vec<Arc<Probing>>,
    /// Where sources and probes run, if there are any.
    pub(super) runtime: Option<Arc<SourceRuntime>>,
    /// How many scrapes there may be at once.
    pub(super) limit: Arc<Limit>,
}

impl<F: Args> Exporter<F> {
    /// Makes the sources that are enabled, and registers all there is.
    pub(super) fn assemble(&mut self, parsed: &Parsed<F>) -> Result<Assembly, ExporterError> {
        let sources = self.make_sources(parsed);
        let probes = self.make_probes(parsed);
        let limit = Arc::new(Limit::new(parsed.flags.max_requests));
        self.register_own();
        if !parsed.flags.disable_exporter_metrics {
            self.register_program(&limit);
        }
        if !self.errors.is_empty() {
            return Err(ExporterError::Declaration(std::mem::take(&mut self.errors)));
        }
        let runs = sources.len() + probes.len() * Self::RUNS_OF_PROBES;
        let runtime = match runs {
            0 => None,
            _ => Some(Arc::new(SourceRuntime::new(runs).map_err(ExporterError::Runtime)?)),
        };
        let sources = Arc::new(sources.on(runtime.clone()));
        Ok(Assembly { sources, probes, runtime, limit })
    }

    /// How many workers the probes of one path are worth.
    const RUNS_OF_PROBES: usize = 4;

    fn make_sources(&mut self, parsed: &Parsed<F>) -> Sources {
        let mut sources = Sources::new(self.registry.clone());
        for (options, source) in std::mem::take(&mut self.sources) {
            if !parsed.enabled.contains(options.name()) {
                sources.add_disabled(options.name().clone());
            } else if let Err(error) = make_source(&mut sources, options, source, &parsed.own) {
                self.errors.push(error);
            }
        }
        let own = sources.register_own(&self.metric_prefix());
        self.errors.extend(own.err().map(DeclarationError::from));
        sources
    }

    fn make_probes(&mut self, parsed: &Parsed<F>) -> Vec<Arc<Probing>> {
        let mut paths = vec!["/".to_owned(), parsed.flags.telemetry_path.to_string()];
        let allowed = Arc::new(AllowList(parsed.allowed_targets.clone()));
        let mut probes = Vec::new();
        for (options, probe) in std::mem::take(&mut self.probes) {
            let path = options.path.clone();
            let is_taken = paths.contains(&path.to_string());
            paths.push(path.to_string());
            match make_probe(options, probe, &parsed.own, &allowed) {
                _ if is_taken => self.errors.push(DeclarationError::ProbePathTaken { path }),
                Ok(probe) => probes.push(Arc::new(probe)),
                Err(error) => self.errors.push(error),
            }
        }
        probes
    }

    /// Registers what every exporter exposes of itself.
    pub(super) fn register_own(&mut self) {
        let prefix = self.metric_prefix();
        let build_info = self.build_info.collector();
        let health = self.registry.health();
        let results = [
            self.registry.wrap().prefix(&prefix).register(build_info),
            self.registry.wrap().prefix(&prefix).last().register(health),
        ];
        self.errors.extend(results.into_iter().filter_map(Result::err).map(DeclarationError::from));
    }

    /// Registers what an exporter exposes of its process and of its scrapes, unless it is told not to.
    pub(super) fn register_program(&mut self, limit: &Limit) {
        let scrapes = self.registry.wrap().last().register(limit.metrics()).err();
        self.errors.extend(scrapes.and_then(unless_foreign));
        #[cfg(target_os = "linux")]
        {
            let process = self.registry.register(crate::process::ProcessMetrics::read).err();
            self.errors.extend(process.and_then(unless_foreign));
        }
    }
}

/// An existing registry may have `process_*` or `promhttp_*` of its own, which then stand.
fn unless_foreign(error: RegisterError) -> Option<DeclarationError> {
    if error.other() == Some(FOREIGN_REGISTRY) {
        tracing::debug!(%error, "Not exposing metrics of our own");
        return None;
    }
    Some(error.into())
}

fn make_source<F>(
    sources: &mut Sources,
    options: SourceOptions,
    source: Unbuilt<F>,
    flags: &F,
) -> Result<(), DeclarationError> {
    let scraper = (source.build)(flags).map_err(|error| DeclarationError::MakeSource {
        name: options.name().clone(),
        error: Failure::of_error(error).to_string(),
    })?;
    Ok(sources.add(options, (source.descs)(), scraper)?)
}

fn make_probe<F>(
    options: ProbeOptions,
    probe: UnbuiltProbe<F>,
    flags: &F,
    allowed: &Arc<AllowList>,
) -> Result<Probing, DeclarationError> {
    let path = options.path.clone();
    TelemetryPath::from_str(&path)
        .map_err(|error| DeclarationError::ProbePath { path: path.clone(), error })?;
    let prober = (probe.build)(flags).map_err(|error| DeclarationError::MakeProbe {
        path: path.clone(),
        error: Failure::of_error(error).to_string(),
    })?;
    Probing::new(options, (probe.descs)(), prober, allowed)
        .map_err(|error| DeclarationError::Probe { path, error })
}
