//! All sources of an exporter, and one scrape of them.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::counted::Counted;
use super::job::{Job, PendingResponse, RunRequest, SourceResponse};
use super::maker::ReadySource;
use super::metrics::ScrapeMetrics;
use super::options::SourceSettings;
use super::runnable::Scraped;
use super::runner::Runner;
use super::runtime::SourceRuntime;
use super::selection::{Selection, SelectionError};
use super::status::Status;
use super::up::up;
use crate::internals::{
    CollectorName, Declarations, Exposition, Provider, Registrable, ScrapeCollector, ScrapePlan,
    ScrapeRequest,
};
use crate::registry::Encoding;
use crate::registry::{CollectorId, RegisterError, Registry};
use crate::server::config::{Snapshot, Snapshots};
use crate::server::options::CommonOptions;

/// The enabled sources of an exporter, and the registry in which they have their families.
pub(crate) struct Sources {
    registry: Registry,
    enabled: Vec<Arc<RegisteredSource>>,
    absent: Vec<(CollectorName, Absence)>,
    /// The families of [`ScrapeMetrics`].
    own: Option<RegisteredFamilies>,
    /// Runs the enabled sources, if there are any.
    runner: Option<Runner>,
    /// The configuration of the exporter.
    snapshots: Snapshots,
}

/// Why a declared source does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absence {
    /// It is disabled by a flag, or by default.
    Disabled,
    /// Its maker returned `None`.
    LeftOut,
}

/// A source with its families in the registry.
struct RegisteredSource {
    families: RegisteredFamilies,
    /// The family of the [`up_metric`](super::SourceOptions::up_metric).
    up: Option<RegisteredFamilies>,
    /// Whether a run can bring dynamic families.
    has_dynamic: bool,
    job: Arc<Job>,
}

impl RegisteredSource {
    fn has_selected_family(&self, selection: &Selection) -> bool {
        let mut families = std::iter::once(&self.families).chain(&self.up);
        self.has_dynamic || families.any(|families| selection.has_any_family(&families.names))
    }
}

/// The families of one registration.
struct RegisteredFamilies {
    id: CollectorId,
    names: Vec<String>,
}

impl RegisteredFamilies {
    fn new(id: CollectorId, registry: &Registry) -> Self {
        Self { id, names: registry.families_of(id) }
    }

    fn collector(&self, collector: Scraped) -> ScrapeCollector {
        ScrapeCollector { id: self.id, collector }
    }
}

impl Sources {
    /// Creates an empty set, whose families will be registered in `registry`.
    pub(crate) fn new(registry: Registry) -> Self {
        let (enabled, absent) = (Vec::new(), Vec::new());
        let snapshots = Snapshots::default();
        Self { registry, enabled, absent, own: None, runner: None, snapshots }
    }

    /// Sets the configuration of the exporter.
    pub(crate) fn with_config(mut self, snapshots: Snapshots) -> Self {
        self.snapshots = snapshots;
        self
    }

    /// Returns the names of the deprecated families that are exposed, and why they are deprecated.
    pub(crate) fn deprecated(&self) -> Vec<(String, String)> {
        self.registry.deprecated()
    }

    /// Adds a source, and registers its families.
    pub(crate) fn add(
        &mut self,
        settings: SourceSettings,
        source: ReadySource,
    ) -> Result<(), RegisterError> {
        let SourceSettings { common, cache, addition } = settings;
        let CommonOptions { name, timeout, up } = common;
        let ReadySource { declarations, source } = source;
        let register = |declarations| {
            let collector = Registrable::provided(name.clone(), declarations);
            let id = self.registry.scope_with(addition.clone()).add(collector)?;
            Ok(RegisteredFamilies::new(id, &self.registry))
        };
        let has_dynamic = declarations.has_dynamic;
        let families = register(declarations)?;
        let up = up.map(|desc| register(vec![desc].into())).transpose()?;
        let job = Arc::new(Job::new(name, timeout, cache, source));
        self.enabled.push(Arc::new(RegisteredSource { families, up, has_dynamic, job }));
        Ok(())
    }

    /// Adds a source that does not run.
    pub(crate) fn add_absent(&mut self, name: CollectorName, reason: Absence) {
        self.absent.push((name, reason));
    }

    /// Registers the metrics about the sources, if any is enabled, under names that begin with
    /// `prefix`.
    pub(crate) fn register_own(&mut self, prefix: &str) -> Result<(), RegisterError> {
        if self.enabled.is_empty() {
            return Ok(());
        }
        let name = std::any::type_name::<ScrapeMetrics>();
        let collector =
            Registrable::provided(name.into(), Declarations::of::<ScrapeMetrics>(Vec::new()));
        let id = self.registry.scope().prefix(prefix).last().add(collector)?;
        self.own = Some(RegisteredFamilies::new(id, &self.registry));
        Ok(())
    }

    /// Returns the statuses of the enabled sources, in the order of their declaration. Runs none.
    pub(crate) fn statuses(&self) -> Vec<Status> {
        self.enabled.iter().map(|source| source.job.status()).collect()
    }

    /// Returns the names of the sources that do not run, and why.
    pub(crate) fn absent(&self) -> &[(CollectorName, Absence)] {
        &self.absent
    }

    /// Runs the sources on `runtime`, and supervises them on `supervisor`.
    pub(crate) fn on(
        mut self,
        runtime: Arc<SourceRuntime>,
        supervisor: Arc<SourceRuntime>,
    ) -> Self {
        let jobs = self.enabled.iter().map(|source| Arc::clone(&source.job)).collect();
        self.runner = Some(Runner::new(jobs, runtime, supervisor));
        self
    }

    /// Checks that all collectors that a query names are enabled.
    pub(crate) fn check(&self, selection: &Selection) -> Result<(), SelectionError> {
        let has = |name: &str| self.enabled.iter().any(|source| source.job.name == name);
        match selection.collectors().find(|name| !has(name)) {
            Some(name) => Err(self.missing(name.to_owned())),
            None => Ok(()),
        }
    }

    fn missing(&self, name: String) -> SelectionError {
        if let Some((_, reason)) = self.absent.iter().find(|(absent, _)| *absent == name) {
            return match reason {
                Absence::Disabled => SelectionError::Disabled { name },
                Absence::LeftOut => SelectionError::LeftOut { name },
            };
        }
        if self.enabled.is_empty() {
            return SelectionError::None { name };
        }
        let mut known: Vec<&str> = self.enabled.iter().map(|source| &*source.job.name).collect();
        known.sort_unstable();
        SelectionError::Unknown { name, known: known.join(", ") }
    }

    /// Runs the selected sources, or joins their runs, and waits for them until the deadline.
    pub(crate) async fn scrape(
        self: &Arc<Self>,
        selection: Selection,
        deadline: Option<Instant>,
    ) -> ScrapeResult {
        let snapshot = self.snapshots.take();
        let responses = match &self.runner {
            Some(runner) => {
                let request = RunRequest { runner, deadline, snapshot: &snapshot };
                self.responses(&selection, &request).await
            }
            None => Vec::new(),
        };
        let (sources, plan) = (Arc::clone(self), self.registry.plan());
        ScrapeResult { sources, plan, selection, responses, snapshot }
    }

    async fn responses(
        &self,
        selection: &Selection,
        request: &RunRequest<'_>,
    ) -> Vec<(Arc<RegisteredSource>, SourceResponse)> {
        // All of them start before the first wait.
        let pending: Vec<(&Arc<RegisteredSource>, PendingResponse)> =
            self.selected(selection).map(|source| (source, source.job.run(request))).collect();
        join_all(pending.into_iter().map(async |(source, pending)| {
            (Arc::clone(source), source.job.wait(pending, request).await)
        }))
        .await
    }

    fn selected(&self, selection: &Selection) -> impl Iterator<Item = &Arc<RegisteredSource>> {
        let selects_own = self.own.as_ref().is_some_and(|own| selection.has_any_family(&own.names));
        self.enabled.iter().filter(move |source| {
            selection.has_collector(&source.job.name)
                && (selects_own || source.has_selected_family(selection))
        })
    }
}

/// The responses of the sources to one request, to be encoded.
pub(crate) struct ScrapeResult {
    sources: Arc<Sources>,
    plan: ScrapePlan,
    selection: Selection,
    responses: Vec<(Arc<RegisteredSource>, SourceResponse)>,
    snapshot: Snapshot,
}

impl ScrapeResult {
    /// Returns whether encoding runs no code of an author. Without a configuration, it drops no
    /// value of an author either.
    pub(crate) fn never_blocks(&self) -> bool {
        self.plan.never_blocks() && self.snapshot.is_none()
    }

    /// Returns whether all families are exposed.
    pub(crate) fn is_whole(&self) -> bool {
        self.selection.names().is_none()
    }

    /// Appends the exposition, and returns whether all sources and collectors have succeeded. A
    /// source that panics while it is encoded has failed, and the metrics about sources say so.
    pub(crate) fn encode(mut self, encoding: Encoding, exposition: &mut Exposition) -> bool {
        let sources = Arc::clone(&self.sources);
        let selection = std::mem::take(&mut self.selection);
        let request = ScrapeRequest { encoding, names: selection.names() };
        let have_succeeded = self.responses.iter().all(|(_, it)| it.scraped.is_some());
        let snapshot = std::mem::take(&mut self.snapshot);
        let plan = self.plan.clone();
        let encode = || sources.registry.encode_planned(plan, &request, &mut self, exposition);
        snapshot.scope_call(encode) && have_succeeded
    }
}

impl Provider for ScrapeResult {
    /// Returns the samples of the sources, and the metrics about them.
    fn provide(&self) -> Vec<ScrapeCollector> {
        let mut own = ScrapeMetrics::default();
        let mut provided = Vec::with_capacity(self.responses.len() + 1);
        for (source, response) in &self.responses {
            let series = own.add(&source.job.name, response);
            let is_up = response.scraped.is_some();
            provided.extend(source.up.as_ref().map(|families| families.collector(up(is_up))));
            let counted = response.scraped.clone().map(|scraped| Counted { scraped, series });
            provided.extend(counted.map(|counted| source.families.collector(Arc::new(counted))));
        }
        let families = self.sources.own.as_ref();
        provided.extend(families.map(|families| families.collector(Arc::new(own))));
        provided
    }

    fn leave_out(&mut self, id: CollectorId) {
        let of_source = self.responses.iter_mut().filter(|(it, _)| it.families.id == id);
        of_source.for_each(|(source, response)| {
            source.job.record_panic();
            *response = SourceResponse { scraped: None, age: None, ..*response };
        });
    }
}
