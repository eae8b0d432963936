//! From what was declared, and the flags, to what is served.

use std::str::FromStr;
use std::sync::Arc;

use clap::Args;

use super::command::Parsed;
use super::{DeclarationError, Exporter, ExporterError};
use crate::cli::TelemetryPath;
use crate::http::Limit;
use crate::panic::DropLog;
use crate::probe::{AllowList, ProbeOptions, ProbesCommon, Probing, UnbuiltProbe};
use crate::registry::{FOREIGN_REGISTRY, IntoCollector, RegisterError};
use crate::source::{SourceOptions, SourceRuntime, Sources, UnbuiltSource};

/// What is served.
pub(super) struct Assembly {
    pub(super) sources: Arc<Sources>,
    pub(super) probes: Vec<Arc<Probing>>,
    /// How many scrapes there may be at once.
    pub(super) limit: Arc<Limit>,
}

impl<F: Args + 'static> Exporter<F> {
    /// Makes the sources that are enabled, and registers all there is.
    pub(super) fn assemble(&mut self, parsed: &Parsed<F>) -> Result<Assembly, ExporterError> {
        // Probes have a runtime of their own: those of a hundred dead targets hold no source up.
        let runtime = SourceRuntime::new("source", parsed.enabled.len());
        let runtime = runtime.map_err(ExporterError::Runtime)?;
        let supervisor = runtime.as_ref().map(|_| SourceRuntime::supervisor(parsed.enabled.len()));
        let supervisor = supervisor.transpose();
        let supervisor = supervisor.map_err(ExporterError::Runtime)?;
        let of_probes = SourceRuntime::new("probe", self.probes.len() * Self::RUNS_OF_PROBES);
        let of_probes = of_probes.map_err(ExporterError::Runtime)?;

        let sources = self.make_sources(parsed, runtime.zip(supervisor));
        let probes = of_probes.map(|runtime| self.make_probes(parsed, &runtime));
        let limit = Arc::new(Limit::new(parsed.flags.max_requests));
        self.register_own();
        if !parsed.flags.disable_exporter_metrics {
            self.register_program(&limit);
        }
        if !self.errors.is_empty() {
            let errors = std::mem::take(&mut self.errors);
            return Err(ExporterError::Declaration(DeclarationError::merged(errors)));
        }
        let probes = probes.unwrap_or_default();
        Ok(Assembly { sources: Arc::new(sources), probes, limit })
    }

    /// How many workers the probes of one path are worth.
    const RUNS_OF_PROBES: usize = 4;

    /// What makes a source runs where the source will: it may start tasks there.
    fn make_sources(
        &mut self,
        parsed: &Parsed<F>,
        runtimes: Option<(Arc<SourceRuntime>, Arc<SourceRuntime>)>,
    ) -> Sources {
        let mut sources = Sources::new(self.registry.clone());
        let entered = runtimes.as_ref().map(|(runtime, _)| runtime.handle().enter());
        for (options, source) in std::mem::take(&mut self.sources) {
            if !parsed.enabled.contains(options.name()) {
                sources.add_disabled(options.name().clone());
                DropLog::new(options.name().clone()).drop(source);
            } else if let Err(error) = make_source(&mut sources, options, source, &parsed.own) {
                self.errors.push(error);
            }
        }
        drop(entered);
        let own = sources.register_own(&self.source_prefix());
        self.errors.extend(own.err().map(DeclarationError::from));
        match runtimes {
            Some((runtime, supervisor)) => sources.on(runtime, supervisor),
            None => sources,
        }
    }

    fn make_probes(
        &mut self,
        parsed: &Parsed<F>,
        runtime: &Arc<SourceRuntime>,
    ) -> Vec<Arc<Probing>> {
        let mut taken = vec!["/".to_owned(), parsed.flags.telemetry_path.to_string()];
        let common = ProbesCommon {
            allowed: Arc::new(AllowList(parsed.allowed_targets.clone())),
            runtime: Arc::clone(runtime),
            registry: self.registry.clone(),
        };
        let _entered = runtime.handle().enter();
        let mut probes = Vec::new();
        for (options, probe) in std::mem::take(&mut self.probes) {
            let path = options.path.to_string();
            match make_probe(options, probe, &parsed.own, &taken, &common) {
                Ok(probe) => probes.push(Arc::new(probe)),
                Err(error) => self.errors.push(error),
            }
            taken.push(path);
        }
        probes
    }

    /// Registers what every exporter exposes of itself.
    pub(super) fn register_own(&mut self) {
        let prefix = self.metric_prefix();
        let build_info = self.build_info.collector();
        let health = self.registry.health();
        let results = [
            self.registry.scope().prefix(&prefix).add(build_info.into_collector()),
            self.registry.scope().prefix(&prefix).last().register(health),
        ];
        self.errors.extend(results.into_iter().filter_map(Result::err).map(DeclarationError::from));
    }

    /// Registers what an exporter exposes of its process and of its scrapes, unless it is told not to.
    pub(super) fn register_program(&mut self, limit: &Limit) {
        let scrapes = self.registry.scope().last().register(limit.metrics()).err();
        self.errors.extend(scrapes.and_then(unless_foreign));
        #[cfg(target_os = "linux")]
        {
            let process = crate::process::OwnProcess::new();
            let process = self.registry.register_fn(move || process.metrics()).err();
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

fn make_source<F: 'static>(
    sources: &mut Sources,
    options: SourceOptions,
    source: UnbuiltSource<F>,
    flags: &F,
) -> Result<(), DeclarationError> {
    let name = options.name().clone();
    let built = source.0.build(flags);
    let unmade =
        |error| DeclarationError::CannotMake { parts: vec![format!("source `{name}`")], error };
    match built.map_err(unmade)? {
        (declared, Some(scraper)) => sources.add(options, declared, scraper)?,
        (_, None) => {
            tracing::info!(
                collector = &*name,
                "Collector is left out: its flags name nothing to ask"
            );
            sources.add_disabled(name);
        }
    }
    Ok(())
}

fn make_probe<F: 'static>(
    options: ProbeOptions,
    probe: UnbuiltProbe<F>,
    flags: &F,
    taken: &[String],
    common: &ProbesCommon,
) -> Result<Probing, DeclarationError> {
    let path = options.path.clone();
    if taken.iter().any(|taken| *taken == path) {
        return Err(DeclarationError::ProbePathTaken { path });
    }
    let path = || path.clone();
    TelemetryPath::from_str(&path())
        .map_err(|error| DeclarationError::ProbePath { path: path(), error })?;
    let built = probe.0.build(flags);
    let unmade = |error| DeclarationError::CannotMake {
        parts: vec![format!("probe at `{}`", path())],
        error,
    };
    let (declared, built) = built.map_err(unmade)?;
    Probing::new(options, declared, built, common.clone())
        .map_err(|error| DeclarationError::Probe { path: path(), error })
}
