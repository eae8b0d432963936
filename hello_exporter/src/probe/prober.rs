//! One probe on its way.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tracing::{debug, error};

use super::{AllowList, Probe, ProbeOptions, ProbeRequest, TargetError, check_target};
use crate::collect::Declared;
use crate::desc::Desc;
use crate::encode::Format;
use crate::panic::{catch, catch_async};
use crate::registry::{
    CollectorId, Provided, Provider, RegisterError, Registrable, Registry, ScrapeRequest,
};
use crate::source::{Drops, Failure, Scraped, SourceRuntime, scraped, up};
use crate::unbuilt::Declarations;

/// A [`Probe`] without its type.
pub(crate) trait Prober: Send + Sync {
    fn check_target(&self, target: &str) -> Result<(), TargetError>;

    /// Starts a probe. `drops` drops what the author's code leaves behind.
    fn start(self: Arc<Self>, request: ProbeRequest, drops: &Drops, runtime: &Handle) -> Task;
}

/// A probe as an author's function has made it.
pub(crate) struct BuiltProbe {
    pub(crate) prober: Arc<dyn Prober>,
    pub(crate) modules: Vec<Cow<'static, str>>,
}

/// What a probe has found.
struct Finding {
    metrics: Scraped,
    is_success: bool,
    /// Why it is no success, if the author says why.
    cause: Option<Failure>,
}

type Found = Result<Finding, Failure>;

/// A probe under way, stopped when nobody waits for it any longer.
pub(crate) struct Task(JoinHandle<Found>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<P: Probe> Prober for P {
    fn check_target(&self, target: &str) -> Result<(), TargetError> {
        Probe::check_target(self, target)
    }

    fn start(self: Arc<Self>, request: ProbeRequest, drops: &Drops, runtime: &Handle) -> Task {
        let (metrics, futures) = (drops.metrics.clone(), drops.futures.clone());
        Task(runtime.spawn(async move {
            let probe = async {
                let probed = self.probe(request).await.map_err(Failure::of_error)?;
                let (is_success, cause) = (probed.is_success, probed.cause.map(Failure::Error));
                let metrics = scraped(Ok::<_, Failure>(probed.metrics), &metrics)?;
                Ok(Finding { metrics, is_success, cause })
            };
            catch_async(probe, &futures).await?
        }))
    }
}

/// What is told of every probe.
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
    pub(crate) runtime: Arc<SourceRuntime>,
    /// That of the exporter, which counts what is lost.
    pub(crate) registry: Registry,
}

/// The probes of one path.
pub(crate) struct Probing {
    options: ProbeOptions,
    modules: Vec<Cow<'static, str>>,
    prober: Arc<dyn Prober>,
    common: ProbesCommon,
    declared: Declarations,
    families: Arc<ProbeFamilies>,
    /// Whether the last probe has panicked.
    is_panicking: AtomicBool,
    drops: Drops,
}

/// Where the families of a probe are registered. Their samples come with each request.
struct ProbeFamilies {
    registry: Registry,
    own: CollectorId,
    metrics: CollectorId,
    /// The registration of [`ProbeOptions::up_metric`].
    up: Option<CollectorId>,
}

impl ProbeFamilies {
    fn new(
        options: &ProbeOptions,
        descs: Vec<Desc>,
        common: &ProbesCommon,
    ) -> Result<Self, RegisterError> {
        let registry = common.registry.sibling();
        let add = |name, descs| registry.scope().add(Registrable::provided(name, descs));
        Ok(Self {
            own: add("probe".into(), ProbeMetrics::declared())?,
            metrics: add(options.path.clone(), descs)?,
            up: options.up.clone().map(|desc| add("up".into(), vec![desc])).transpose()?,
            registry,
        })
    }
}

/// Why a probe was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModuleError {
    #[error("Unknown module {module:?}, expected one of: {known}")]
    Unknown { module: String, known: String },
    #[error("Unknown module {module:?}: there are none")]
    None { module: String },
}

impl Probing {
    pub(crate) fn new(
        options: ProbeOptions,
        declared: Declarations,
        built: BuiltProbe,
        common: ProbesCommon,
    ) -> Result<Self, RegisterError> {
        let families = ProbeFamilies::new(&options, declared.descs.clone(), &common)?;
        Ok(Self {
            modules: built.modules,
            prober: built.prober,
            common,
            declared,
            families: Arc::new(families),
            drops: Drops::new(&options.path),
            options,
            is_panicking: AtomicBool::new(false),
        })
    }

    /// Those of one request. What one target has at run time is no matter of another one.
    fn families(&self) -> Arc<ProbeFamilies> {
        let new = || ProbeFamilies::new(&self.options, self.declared.descs.clone(), &self.common);
        let families = self.declared.has_late.then(new).and_then(Result::ok);
        families.map_or_else(|| Arc::clone(&self.families), Arc::new)
    }

    pub(crate) fn options(&self) -> &ProbeOptions {
        &self.options
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
        catch(|| self.prober.check_target(target)).unwrap_or_else(|panic| {
            self.report(Some(&panic.into()), target, "");
            Err(TargetError::Invalid("the check of the target failed".to_owned()))
        })
    }

    pub(crate) fn allows(&self, target: &str) -> bool {
        self.common.allowed.allows(target)
    }

    /// The module of this name, or the one that stands for none.
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
        let timeout = at_most.map_or(self.options.timeout, |most| most.min(self.options.timeout));
        let runtime = &self.common.runtime;
        let (own_timeout, allowed) = (own_timeout(timeout), Arc::clone(&self.common.allowed));
        let request = ProbeRequest { target, module, timeout: own_timeout, allowed };
        let (target, module) = (request.target.clone(), request.module.clone());
        let task = Arc::clone(&self.prober).start(request, &self.drops, runtime.handle());
        let (metrics, is_success, failure) = match task.found(timeout).await {
            Ok(Finding { metrics, is_success, cause }) => (Some(metrics), is_success, cause),
            Err(failure) => (None, false, Some(failure)),
        };
        self.report(failure.as_ref(), &target, &module);
        ProbeResult { families: self.families(), metrics, is_success, duration: started.elapsed() }
    }
}

/// Returns the time that a probe has before it is dropped after `timeout`, in which it ends in good
/// order.
fn own_timeout(timeout: Duration) -> Duration {
    timeout - (timeout / 10).min(Duration::from_millis(100))
}

impl Probing {
    /// That a target is not well is what probes are for; that one panics is not.
    fn report(&self, failure: Option<&Failure>, target: &str, module: &str) {
        let Some(error) = failure else {
            return self.is_panicking.store(false, Ordering::Relaxed);
        };
        let is_panic = matches!(error, Failure::Panic(_));
        match is_panic && !self.is_panicking.swap(true, Ordering::Relaxed) {
            true => error!(target, module, %error, "Probe panicked"),
            false => debug!(target, module, %error, "Probe failed"),
        }
    }
}

impl Task {
    async fn found(mut self, at_most: Duration) -> Found {
        match timeout(at_most, &mut self.0).await {
            Ok(joined) => joined.unwrap_or_else(|error| Err(error.into())),
            Err(_) => Err(Failure::Timeout(at_most)),
        }
    }
}

/// What became of a probe, to be encoded.
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
    fn provided(&self) -> Vec<Provided> {
        let own: Scraped = Arc::new(ProbeMetrics {
            duration_seconds: self.duration.as_secs_f64(),
            success: self.is_success,
        });
        let own = Provided { id: self.families.own, collector: own };
        let metrics = self.metrics.clone();
        let metrics = metrics.map(|collector| Provided { id: self.families.metrics, collector });
        let up = self.families.up.map(|id| Provided { id, collector: up(self.is_success) });
        std::iter::once(own).chain(metrics).chain(up).collect()
    }

    /// A probe whose metrics panic has failed.
    fn leave_out(&mut self, _: CollectorId) {
        (self.metrics, self.is_success) = (None, false);
    }
}
