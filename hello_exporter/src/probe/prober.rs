//! One probe on its way.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tracing::{debug, error};

use super::{AllowList, Probe, ProbeOptions, ProbeRequest};
use crate::collect::Declared;
use crate::desc::Desc;
use crate::encode::Format;
use crate::panic::catch_async;
use crate::registry::{CollectorId, Provided, RegisterError, Registrable, Registry, ScrapeRequest};
use crate::source::{Failure, Scraped, scraped};

/// A [`Probe`] without its type.
pub(crate) trait Prober: Send + Sync {
    fn modules(&self) -> Vec<Cow<'static, str>>;

    fn start(self: Arc<Self>, request: ProbeRequest, runtime: &Handle) -> Task;
}

type Found = Result<(Scraped, bool), Failure>;

/// A probe under way, stopped when nobody waits for it any longer.
pub(crate) struct Task(JoinHandle<Found>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<P: Probe> Prober for P {
    fn modules(&self) -> Vec<Cow<'static, str>> {
        Probe::modules(self)
    }

    fn start(self: Arc<Self>, request: ProbeRequest, runtime: &Handle) -> Task {
        Task(runtime.spawn(async move {
            catch_async(async {
                let probed = self.probe(request).await.map_err(Failure::of_error)?;
                let is_success = probed.is_success;
                Ok((scraped(Ok::<_, Failure>(probed.metrics))?, is_success))
            })
            .await?
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

/// The probes of one path.
pub(crate) struct Probing {
    options: ProbeOptions,
    modules: Vec<Cow<'static, str>>,
    prober: Arc<dyn Prober>,
    allowed: Arc<AllowList>,
    /// Where the families of a probe are declared. It has no samples but those of a request, so that it is
    /// a new one for each of them.
    registry: Registry,
    own: CollectorId,
    metrics: CollectorId,
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
        descs: Vec<Desc>,
        prober: Arc<dyn Prober>,
        allowed: &Arc<AllowList>,
    ) -> Result<Self, RegisterError> {
        let registry = Registry::new();
        let add = |name, descs| registry.wrap().add(Registrable::provided(name, descs));
        Ok(Self {
            modules: prober.modules(),
            own: add("probe".into(), ProbeMetrics::declared())?,
            metrics: add(options.path.clone(), descs)?,
            prober,
            allowed: Arc::clone(allowed),
            registry,
            options,
        })
    }

    pub(crate) fn options(&self) -> &ProbeOptions {
        &self.options
    }

    pub(crate) fn allows(&self, target: &str) -> bool {
        self.allowed.allows(target)
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
        runtime: &Handle,
    ) -> ProbeResult {
        let started = Instant::now();
        let timeout = at_most.map_or(self.options.timeout, |most| most.min(self.options.timeout));
        let allowed = Arc::clone(&self.allowed);
        let request = ProbeRequest { target, module, timeout, allowed };
        let (target, module) = (request.target.clone(), request.module.clone());
        let found = Arc::clone(&self.prober).start(request, runtime).found(timeout).await;
        let (metrics, is_success) = match found {
            Ok((metrics, is_success)) => (Some(metrics), is_success),
            Err(failure) => {
                report(&failure, &target, &module);
                (None, false)
            }
        };
        ProbeResult { probing: self, metrics, is_success, duration: started.elapsed() }
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

/// That a target is not well is what probes are for; that one panics is not.
fn report(failure: &Failure, target: &str, module: &str) {
    match failure {
        Failure::Panic(_) => error!(target, module, error = %failure, "Probe failed"),
        _ => debug!(target, module, error = %failure, "Probe failed"),
    }
}

/// What became of a probe, to be encoded.
pub(crate) struct ProbeResult {
    probing: Arc<Probing>,
    metrics: Option<Scraped>,
    is_success: bool,
    duration: Duration,
}

impl ProbeResult {
    /// Appends the exposition; a probe whose metrics panic has failed.
    pub(crate) fn encode(mut self, format: Format, buffer: &mut Vec<u8>) {
        if self.try_encode(format, buffer).is_err() {
            (self.metrics, self.is_success) = (None, false);
            let _ = self.try_encode(format, buffer);
        }
    }

    fn try_encode(&self, format: Format, buffer: &mut Vec<u8>) -> Result<(), CollectorId> {
        let own: Scraped = Arc::new(ProbeMetrics {
            duration_seconds: self.duration.as_secs_f64(),
            success: self.is_success,
        });
        let own = Provided { id: self.probing.own, collector: own };
        let metrics = self.metrics.clone();
        let metrics = metrics.map(|collector| Provided { id: self.probing.metrics, collector });
        let provided: Vec<Provided> = std::iter::once(own).chain(metrics).collect();
        let request = ScrapeRequest { format, names: None, provided: &provided };
        self.probing.registry.encode_request(&request, buffer)
    }
}
