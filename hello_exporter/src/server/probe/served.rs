//! A probe that is served at a path, and the results of its runs.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{debug, error};

use super::runnable::{ProbeOutcome, ProbePlace, ProbeRun, RunnableProbe};
use super::{AllowList, ProbeRequest, ReadyProbe, TargetError, check_target};
use crate::internals::{
    CollectorName, Declarations, Exposition, Guarded, PanicState, Provider, Registrable,
    ScrapeCollector, ScrapeRequest, catch,
};
use crate::registry::Encoding;
use crate::registry::{CollectorId, RegisterError, Registry};
use crate::server::config::{Snapshot, Snapshots};
use crate::server::log::RunLog;
use crate::server::options::CommonOptions;
use crate::server::source::{DropLogs, Failure, Scraped, SourceRuntime, reserve, up};

/// The metrics of every probe.
#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate, namespace = "probe", no_new)]
pub(crate) struct ProbeMetrics {
    /// Returns how long the probe took to complete in seconds
    duration_seconds: f64,

    /// Displays whether or not the probe was a success
    success: bool,
}

/// The part of an exporter that all its probes share.
#[derive(Clone)]
pub(crate) struct ProbeContext {
    pub(crate) allowed: Arc<AllowList>,
    /// Names of the sources that the flags enable.
    pub(crate) enabled: Arc<HashSet<CollectorName>>,
    pub(crate) runtime: Arc<SourceRuntime>,
    /// The registry of the exporter, which counts dropped series.
    pub(crate) registry: Registry,
    /// The configuration of the exporter.
    pub(crate) snapshots: Snapshots,
    /// Whether requests may receive the log of their run.
    pub(crate) has_debug: bool,
}

/// A probe that is served at a path.
pub(crate) struct ServedProbe {
    options: CommonOptions,
    modules: Vec<Cow<'static, str>>,
    probe: Guarded<Arc<dyn RunnableProbe>>,
    context: ProbeContext,
    declarations: Declarations,
    families: Arc<ProbeFamilies>,
    /// Whether a run has panicked, or had no thread, since the last one without a [`Failure`].
    faults: PanicState,
    drops: DropLogs,
}

/// The registered families of a probe. Each request provides its samples.
struct ProbeFamilies {
    registry: Registry,
    own: CollectorId,
    metrics: CollectorId,
    /// The registration of the [`up_metric`](super::ProbeOptions::up_metric).
    up: Option<CollectorId>,
}

impl ProbeFamilies {
    fn new(
        options: &CommonOptions,
        declarations: Declarations,
        context: &ProbeContext,
    ) -> Result<Self, RegisterError> {
        let registry = context.registry.sibling();
        let add =
            |name, declarations| registry.scope().add(Registrable::provided(name, declarations));
        let up = options.up.clone();
        Ok(Self {
            own: add("probe".into(), Declarations::of::<ProbeMetrics>(Vec::new()))?,
            metrics: add(options.name.clone(), declarations)?,
            up: up.map(|desc| add("up".into(), vec![desc].into())).transpose()?,
            registry,
        })
    }
}

/// Why the module of a request is invalid.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModuleError {
    #[error("Unknown module {module:?}, expected one of: {known}")]
    Unknown { module: String, known: String },
    #[error("Unknown module {module:?}: this probe has no modules")]
    None { module: String },
}

impl ServedProbe {
    pub(crate) fn new(
        options: CommonOptions,
        probe: ReadyProbe,
        context: ProbeContext,
    ) -> Result<Self, RegisterError> {
        let ReadyProbe { declarations, modules, probe } = probe;
        let families = ProbeFamilies::new(&options, declarations.clone(), &context)?;
        Ok(Self {
            modules,
            probe,
            context,
            declarations,
            families: Arc::new(families),
            drops: DropLogs::new(&options.name),
            options,
            faults: PanicState::default(),
        })
    }

    /// Returns the version of the configuration in force.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.context.snapshots.take()
    }

    /// Returns the families of one request. The dynamic families of one target must not affect
    /// another target.
    fn families(&self) -> Arc<ProbeFamilies> {
        let new = || ProbeFamilies::new(&self.options, self.declarations.clone(), &self.context);
        let families = self.declarations.has_dynamic.then(new).and_then(Result::ok);
        families.map_or_else(|| Arc::clone(&self.families), Arc::new)
    }

    pub(crate) fn path(&self) -> &str {
        &self.options.name
    }

    pub(crate) fn modules(&self) -> &[Cow<'static, str>] {
        &self.modules
    }

    /// Returns whether the flags restrict the targets.
    pub(crate) fn is_restricted(&self) -> bool {
        !self.context.allowed.0.is_empty()
    }

    /// Returns whether requests may receive the log of their run.
    pub(crate) fn has_debug(&self) -> bool {
        self.context.has_debug
    }

    /// Checks a target by the rules for all probes, and then by the rules of this one. If the
    /// author's check panics, the target is refused.
    pub(crate) fn check_target(&self, target: &str) -> Result<(), TargetError> {
        check_target(target)?;
        let check = || self.probe.get().map_or(Ok(()), |probe| probe.check_target(target));
        catch(check).unwrap_or_else(|panic| {
            self.log(Some(&panic.into()), target, "");
            Err(TargetError::Invalid("the check of the target failed".to_owned()))
        })
    }

    pub(crate) fn allows(&self, target: &str) -> bool {
        self.context.allowed.allows(target)
    }

    /// Returns the module of this name, or the default one if there is no name.
    pub(crate) fn module(&self, name: Option<&str>) -> Result<Cow<'static, str>, ModuleError> {
        let module = match name {
            None => return Ok(self.modules.first().cloned().unwrap_or_default()),
            Some(name) => self.modules.iter().find(|module| *module == name).cloned(),
        };
        let unknown = || {
            let module = name.unwrap_or_default().to_owned();
            if self.modules.is_empty() {
                ModuleError::None { module }
            } else {
                ModuleError::Unknown { module, known: self.modules.join(", ") }
            }
        };
        module.ok_or_else(unknown)
    }

    /// Probes `target`, for up to `at_most`. The result has the log of the run, if there is one.
    pub(crate) async fn probe(
        self: Arc<Self>,
        target: String,
        module: Cow<'static, str>,
        at_most: Option<Duration>,
        mut log: Option<RunLog>,
    ) -> ProbeResult {
        let started = Instant::now();
        let timeout = self.options.timeout.min(at_most.unwrap_or(Duration::MAX));
        if let Some(log) = &log {
            RunLog::scope(Some(log), || {
                debug!(target, module = &*module, ?timeout, "Probe starts")
            });
        }
        let run = self.run(target.clone(), module.clone(), timeout, log.as_ref()).await;
        let (metrics, is_success, failure) = match run {
            Ok(ProbeOutcome { metrics, is_success, cause }) => (Some(metrics), is_success, cause),
            Err(failure) => (None, false, Some(failure)),
        };
        if let Some(log) = &mut log {
            log.end_run();
        }
        RunLog::scope(log.as_ref(), || self.log(failure.as_ref(), &target, &module));
        let duration = started.elapsed();
        ProbeResult { families: self.families(), metrics, is_success, duration, log }
    }

    async fn run(
        &self,
        target: String,
        module: Cow<'static, str>,
        timeout: Duration,
        log: Option<&RunLog>,
    ) -> ProbeRun {
        let ProbeContext { runtime, allowed, enabled, .. } = &self.context;
        let request = ProbeRequest {
            target,
            module,
            timeout: timeout - reserve(timeout),
            allowed: Arc::clone(allowed),
            enabled: Arc::clone(enabled),
        };
        let probe = self.probe.get().ok_or(Failure::Cancelled)?;
        let place = ProbePlace { runtime: runtime.handle(), log: log.map(RunLog::dispatch) };
        Arc::clone(probe).start(request, &self.drops, place).wait(timeout).await
    }

    /// Logs a fault of the exporter (a panic, or no free thread) as an error, once until a run has
    /// no [`Failure`]. Logs repeated faults, and failures of targets, at the level `debug`.
    fn log(&self, failure: Option<&Failure>, target: &str, module: &str) {
        let Some(error) = failure else {
            self.faults.has_changed(false);
            return;
        };
        let fault = match error {
            Failure::Panic(_) => Some("Probe panicked"),
            Failure::NoThread(_) => Some("Probe could not run"),
            Failure::Error(_) | Failure::Timeout(_) | Failure::Cancelled => None,
        };
        match fault.filter(|_| self.faults.has_changed(true)) {
            Some(fault) => error!(target, module, %error, "{fault}"),
            None => debug!(target, module, %error, "Probe failed"),
        }
    }
}

/// The result of a probe, to be encoded.
pub(crate) struct ProbeResult {
    families: Arc<ProbeFamilies>,
    metrics: Option<Scraped>,
    is_success: bool,
    duration: Duration,
    /// The log of the run, if the request is for it.
    log: Option<RunLog>,
}

impl ProbeResult {
    /// Appends the exposition; or the log of the run, with the exposition as text.
    pub(crate) fn encode(mut self, encoding: Encoding, exposition: &mut Exposition) {
        match self.log.take() {
            Some(log) => self.encode_log(log, &mut exposition.buffer),
            None => self.encode_metrics(encoding, exposition),
        }
    }

    fn encode_metrics(&mut self, encoding: Encoding, exposition: &mut Exposition) {
        let families = Arc::clone(&self.families);
        let request = ScrapeRequest { encoding, names: None };
        families.registry.encode_request(&request, self, exposition);
    }

    /// Appends the log and the exposition, with headings as in the blackbox exporter.
    fn encode_log(&mut self, log: RunLog, buffer: &mut Vec<u8>) {
        let mut metrics = Exposition::new(Vec::new());
        RunLog::scope(Some(&log), || {
            self.encode_metrics(Encoding::default(), &mut metrics);
            // Metrics that panic are a failure.
            let (success, duration_seconds) = (self.is_success, self.duration.as_secs_f64());
            debug!(success, duration_seconds, "Probe finished");
        });
        buffer.extend_from_slice(b"Logs for the probe:\n");
        buffer.extend_from_slice(log.finish().as_bytes());
        buffer.extend_from_slice(b"\n\n\nMetrics that would have been returned:\n");
        buffer.append(&mut metrics.buffer);
    }
}

impl Provider for ProbeResult {
    fn provide(&self) -> Vec<ScrapeCollector> {
        let own: Scraped = Arc::new(ProbeMetrics {
            duration_seconds: self.duration.as_secs_f64(),
            success: self.is_success,
        });
        let own = ScrapeCollector { id: self.families.own, collector: own };
        let provide = |collector: Scraped| ScrapeCollector { id: self.families.metrics, collector };
        let metrics = self.metrics.clone().map(provide);
        let up = self.families.up.map(|id| ScrapeCollector { id, collector: up(self.is_success) });
        std::iter::once(own).chain(metrics).chain(up).collect()
    }

    /// Turns the result into a failure, since the metrics panicked.
    fn leave_out(&mut self, _: CollectorId) {
        (self.metrics, self.is_success) = (None, false);
    }
}
