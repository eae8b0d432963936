//! One probe on its way.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::runtime::Handle;
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::time::{Instant, timeout};
use tracing::{debug, error};

use super::{AllowList, Probe, ProbeRequest, ProbeSettings, ReadyProbe, TargetError, check_target};
use crate::encode::Format;
use crate::internals::{
    CollectorName, Declarations, Guarded, Provider, Registrable, ScrapeCollector, ScrapeRequest,
    catch, catch_async,
};
use crate::registry::{CollectorId, RegisterError, Registry};
use crate::server::source::{
    Drops, Failure, Scraped, SourceRuntime, reserve, scraped, up, with_deadline,
};

/// A [`Probe`] without its type.
pub(crate) trait Prober: Send + Sync {
    fn check_target(&self, target: &str) -> Result<(), TargetError>;

    /// Starts a probe. `drops` drops what the author's code leaves behind.
    fn start(self: Arc<Self>, request: ProbeRequest, drops: &Drops, runtime: &Handle) -> Task;
}

/// The result of a probe that returned.
struct Finding {
    metrics: Scraped,
    is_success: bool,
    /// Why it is no success, if the author says why.
    cause: Option<Failure>,
}

type Found = Result<Finding, Failure>;

/// A probe under way, dropped at its next `await` when this is dropped.
pub(crate) struct Task {
    found: oneshot::Receiver<Found>,
    /// Has no sender any more once the probe has a thread.
    waiting: oneshot::Receiver<()>,
}

impl Task {
    /// Runs a probe on a thread of its own, so that it costs no other probe anything if it blocks
    /// its thread.
    fn start(runtime: &Handle, probe: impl Future<Output = Found> + Send + 'static) -> Self {
        let (mut sender, found) = oneshot::channel();
        let (waits, waiting) = oneshot::channel();
        let handle = runtime.clone();
        runtime.spawn_blocking(move || {
            drop(waits);
            let found = handle.block_on(async {
                // A probe that had to wait for a thread does not start once nobody waits for it.
                match select(pin!(sender.closed()), pin!(probe)).await {
                    Either::Left(_) => None,
                    Either::Right((found, _)) => Some(found),
                }
            });
            if let Some(found) = found {
                _ = sender.send(found);
            }
        });
        Self { found, waiting }
    }

    async fn found(mut self, at_most: Duration) -> Found {
        match timeout(at_most, self.found).await {
            Ok(found) => found.unwrap_or(Err(Failure::Cancelled)),
            Err(_) if self.waiting.try_recv() == Err(TryRecvError::Empty) => {
                Err(Failure::NoThread(at_most))
            }
            Err(_) => Err(Failure::Timeout(at_most)),
        }
    }
}

impl<P: Probe> Prober for P {
    fn check_target(&self, target: &str) -> Result<(), TargetError> {
        Probe::check_target(self, target)
    }

    fn start(self: Arc<Self>, request: ProbeRequest, drops: &Drops, runtime: &Handle) -> Task {
        let (metrics, futures) = (drops.metrics.clone(), drops.futures.clone());
        let deadline = Instant::now() + request.timeout;
        let probe = async move {
            let probe = async {
                let probed = self.probe(request).await.map_err(Failure::of_error)?;
                let (is_success, cause) = (probed.is_success, probed.cause.map(Failure::Error));
                let metrics = scraped(Ok::<_, Failure>(probed.metrics), &metrics)?;
                Ok(Finding { metrics, is_success, cause })
            };
            catch_async(probe, &futures).await?
        };
        Task::start(runtime, with_deadline(deadline, probe))
    }
}

/// The metrics of every probe.
#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate, namespace = "probe", no_new)]
struct ProbeMetrics {
    /// Returns how long the probe took to complete in seconds
    duration_seconds: f64,

    /// Displays whether or not the probe was a success
    success: bool,
}

/// What all probes of an exporter share.
#[derive(Clone)]
pub(crate) struct ProbesCommon {
    pub(crate) allowed: Arc<AllowList>,
    /// Names of the sources that the flags enable.
    pub(crate) enabled: Arc<HashSet<CollectorName>>,
    pub(crate) runtime: Arc<SourceRuntime>,
    /// The registry of the exporter, which counts dropped series.
    pub(crate) registry: Registry,
}

/// The probes of one path.
pub(crate) struct Probing {
    settings: ProbeSettings,
    modules: Vec<Cow<'static, str>>,
    prober: Guarded<Arc<dyn Prober>>,
    common: ProbesCommon,
    declarations: Declarations,
    families: Arc<ProbeFamilies>,
    /// Whether a probe has panicked, or had no thread, since the last one that succeeded.
    is_faulty: AtomicBool,
    drops: Drops,
}

/// Where the families of a probe are registered. Their samples come with each request.
struct ProbeFamilies {
    registry: Registry,
    own: CollectorId,
    metrics: CollectorId,
    /// The registration of the [`up_metric`](super::ProbeOptions::up_metric).
    up: Option<CollectorId>,
}

impl ProbeFamilies {
    fn new(
        settings: &ProbeSettings,
        declarations: Declarations,
        common: &ProbesCommon,
    ) -> Result<Self, RegisterError> {
        let registry = common.registry.sibling();
        let add =
            |name, declarations| registry.scope().add(Registrable::provided(name, declarations));
        let up = settings.up.clone();
        Ok(Self {
            own: add("probe".into(), Declarations::of::<ProbeMetrics>(Vec::new()))?,
            metrics: add(settings.path.clone(), declarations)?,
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
    #[error("Unknown module {module:?}: there are none")]
    None { module: String },
}

impl Probing {
    pub(crate) fn new(
        settings: ProbeSettings,
        probe: ReadyProbe,
        common: ProbesCommon,
    ) -> Result<Self, RegisterError> {
        let ReadyProbe { declarations, modules, prober } = probe;
        let families = ProbeFamilies::new(&settings, declarations.clone(), &common)?;
        Ok(Self {
            modules,
            prober,
            common,
            declarations,
            families: Arc::new(families),
            drops: Drops::new(&settings.path),
            settings,
            is_faulty: AtomicBool::new(false),
        })
    }

    /// Returns the families of one request. The dynamic families of one target do not concern
    /// another target.
    fn families(&self) -> Arc<ProbeFamilies> {
        let new = || ProbeFamilies::new(&self.settings, self.declarations.clone(), &self.common);
        let families = self.declarations.has_dynamic.then(new).and_then(Result::ok);
        families.map_or_else(|| Arc::clone(&self.families), Arc::new)
    }

    pub(crate) fn path(&self) -> &str {
        &self.settings.path
    }

    pub(crate) fn modules(&self) -> &[Cow<'static, str>] {
        &self.modules
    }

    /// Whether there are targets that are not allowed.
    pub(crate) fn is_restricted(&self) -> bool {
        !self.common.allowed.0.is_empty()
    }

    /// Checks a target, as every probe does and then as this one does. If the author's check panics,
    /// the target is refused.
    pub(crate) fn check_target(&self, target: &str) -> Result<(), TargetError> {
        check_target(target)?;
        let check = || self.prober.get().map_or(Ok(()), |prober| prober.check_target(target));
        catch(check).unwrap_or_else(|panic| {
            self.report(Some(&panic.into()), target, "");
            Err(TargetError::Invalid("the check of the target failed".to_owned()))
        })
    }

    pub(crate) fn allows(&self, target: &str) -> bool {
        self.common.allowed.allows(target)
    }

    /// Returns the module of this name, or the default one if there is no name.
    pub(crate) fn module(&self, name: Option<&str>) -> Result<Cow<'static, str>, ModuleError> {
        let module = match name {
            None => return Ok(self.modules.first().cloned().unwrap_or_default()),
            Some(name) => self.modules.iter().find(|module| *module == name).cloned(),
        };
        let unknown = || {
            let module = name.unwrap_or_default().to_owned();
            match self.modules.is_empty() {
                true => ModuleError::None { module },
                false => ModuleError::Unknown { module, known: self.modules.join(", ") },
            }
        };
        module.ok_or_else(unknown)
    }

    /// Probes, no longer than `at_most`.
    pub(crate) async fn probe(
        self: Arc<Self>,
        target: String,
        module: Cow<'static, str>,
        at_most: Option<Duration>,
    ) -> ProbeResult {
        let started = Instant::now();
        let timeout = self.settings.timeout.min(at_most.unwrap_or(Duration::MAX));
        let ProbesCommon { runtime, allowed, enabled, .. } = &self.common;
        let request = ProbeRequest {
            target: target.clone(),
            module: module.clone(),
            timeout: timeout - reserve(timeout),
            allowed: Arc::clone(allowed),
            enabled: Arc::clone(enabled),
        };
        let start = |prober: &Arc<dyn Prober>| {
            Arc::clone(prober).start(request, &self.drops, runtime.handle())
        };
        let found = match self.prober.get().map(start) {
            Some(task) => task.found(timeout).await,
            None => Err(Failure::Cancelled),
        };
        let (metrics, is_success, failure) = match found {
            Ok(Finding { metrics, is_success, cause }) => (Some(metrics), is_success, cause),
            Err(failure) => (None, false, Some(failure)),
        };
        self.report(failure.as_ref(), &target, &module);
        ProbeResult { families: self.families(), metrics, is_success, duration: started.elapsed() }
    }
}

impl Probing {
    /// Logs faults of the exporter, once until a probe succeeds. Those of targets are what probes are
    /// for.
    fn report(&self, failure: Option<&Failure>, target: &str, module: &str) {
        let Some(error) = failure else {
            return self.is_faulty.store(false, Ordering::Relaxed);
        };
        let fault = match error {
            Failure::Panic(_) => Some("Probe panicked"),
            Failure::NoThread(_) => Some("Probe could not run"),
            Failure::Error(_) | Failure::Timeout(_) | Failure::Cancelled => None,
        };
        match fault.filter(|_| !self.is_faulty.swap(true, Ordering::Relaxed)) {
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
}

impl ProbeResult {
    /// Appends the exposition.
    pub(crate) fn encode(mut self, format: Format, buffer: &mut Vec<u8>) {
        let families = Arc::clone(&self.families);
        let request = ScrapeRequest { format, names: None };
        families.registry.encode_request(&request, &mut self, buffer);
    }
}

impl Provider for ProbeResult {
    fn provide(&self) -> Vec<ScrapeCollector> {
        let own: Scraped = Arc::new(ProbeMetrics {
            duration_seconds: self.duration.as_secs_f64(),
            success: self.is_success,
        });
        let own = ScrapeCollector { id: self.families.own, collector: own };
        let metrics = self.metrics.clone();
        let metrics =
            metrics.map(|collector| ScrapeCollector { id: self.families.metrics, collector });
        let up = self.families.up.map(|id| ScrapeCollector { id, collector: up(self.is_success) });
        std::iter::once(own).chain(metrics).chain(up).collect()
    }

    /// A probe whose metrics panic has failed.
    fn leave_out(&mut self, _: CollectorId) {
        (self.metrics, self.is_success) = (None, false);
    }
}
