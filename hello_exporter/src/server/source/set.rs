//! All sources of an exporter, and one scrape of them.

use std::sync::Arc;

use tokio::time::Instant;

use super::job::{Answer, Job, Pending};
use super::maker::ReadySource;
use super::metrics::ScrapeMetrics;
use super::options::SourceSettings;
use super::runner::Runner;
use super::runtime::SourceRuntime;
use super::scraper::Scraped;
use super::selection::{Selection, SelectionError};
use super::status::Status;
use super::up::up;
use crate::encode::Format;
use crate::internals::{
    CollectorName, Declarations, Provider, Registrable, ScrapeCollector, ScrapeRequest,
};
use crate::registry::{CollectorId, RegisterError, Registry};

/// The enabled sources of an exporter, and the registry in which they have their families.
pub(crate) struct Sources {
    registry: Registry,
    members: Vec<Arc<Member>>,
    disabled: Vec<CollectorName>,
    /// The registration of [`ScrapeMetrics`].
    own: Option<Registered>,
    /// Runs the members, if there are any.
    runner: Option<Runner>,
}

/// A source, and what it is to the registry.
struct Member {
    registered: Registered,
    /// The registration of the [`up_metric`](super::SourceOptions::up_metric).
    up: Option<Registered>,
    /// Whether a run can bring dynamic families.
    has_dynamic: bool,
    job: Arc<Job>,
}

impl Member {
    fn has_wanted_family(&self, selection: &Selection) -> bool {
        let mut registered = std::iter::once(&self.registered).chain(&self.up);
        self.has_dynamic
            || registered.any(|registered| selection.has_any_family(&registered.families))
    }
}

struct Registered {
    id: CollectorId,
    /// The names of its families.
    families: Vec<String>,
}

impl Registered {
    fn new(id: CollectorId, registry: &Registry) -> Self {
        Self { id, families: registry.families_of(id) }
    }

    fn collector(&self, collector: Scraped) -> ScrapeCollector {
        ScrapeCollector { id: self.id, collector }
    }
}

impl Sources {
    /// Creates an empty set, whose families will be registered in `registry`.
    pub(crate) fn new(registry: Registry) -> Self {
        Self { registry, members: Vec::new(), disabled: Vec::new(), own: None, runner: None }
    }

    /// Adds a source, and registers its families.
    pub(crate) fn add(
        &mut self,
        settings: SourceSettings,
        source: ReadySource,
    ) -> Result<(), RegisterError> {
        let ReadySource { declarations, scraper } = source;
        let register = |declarations| {
            let collector = Registrable::provided(settings.name.clone(), declarations);
            let id = settings.scope(&self.registry).add(collector)?;
            Ok(Registered::new(id, &self.registry))
        };
        let has_dynamic = declarations.has_dynamic;
        let registered = register(declarations)?;
        let up = settings.up.clone().map(|desc| register(vec![desc].into())).transpose()?;
        let job = Arc::new(Job::new(settings.name, settings.timeout, settings.cache, scraper));
        self.members.push(Arc::new(Member { registered, up, has_dynamic, job }));
        Ok(())
    }

    /// Adds the name of a source that is disabled by a flag or left out by its maker.
    pub(crate) fn add_disabled(&mut self, name: CollectorName) {
        self.disabled.push(name);
    }

    /// Registers the metrics about the sources, if there are any, under names that begin with
    /// `prefix`.
    pub(crate) fn register_own(&mut self, prefix: &str) -> Result<(), RegisterError> {
        if self.members.is_empty() {
            return Ok(());
        }
        let name = std::any::type_name::<ScrapeMetrics>();
        let collector =
            Registrable::provided(name.into(), Declarations::of::<ScrapeMetrics>(Vec::new()));
        let id = self.registry.scope().prefix(prefix).last().add(collector)?;
        self.own = Some(Registered::new(id, &self.registry));
        Ok(())
    }

    /// Returns the statuses of the enabled sources, in the order of their declaration. Runs none.
    pub(crate) fn statuses(&self) -> Vec<Status> {
        self.members.iter().map(|member| member.job.status()).collect()
    }

    /// Returns the names of the disabled sources.
    pub(crate) fn disabled(&self) -> &[CollectorName] {
        &self.disabled
    }

    /// Runs the sources on `runtime`, and supervises them on `supervisor`.
    pub(crate) fn on(
        mut self,
        runtime: Arc<SourceRuntime>,
        supervisor: Arc<SourceRuntime>,
    ) -> Self {
        let jobs = self.members.iter().map(|member| Arc::clone(&member.job)).collect();
        self.runner = Some(Runner::new(jobs, runtime, supervisor));
        self
    }

    /// Checks that all collectors that a query names are enabled.
    pub(crate) fn check(&self, selection: &Selection) -> Result<(), SelectionError> {
        let has = |name: &str| self.members.iter().any(|member| member.job.name == name);
        match selection.collectors().find(|name| !has(name)) {
            Some(name) => Err(self.missing(name.to_owned())),
            None => Ok(()),
        }
    }

    fn missing(&self, name: String) -> SelectionError {
        if self.disabled.iter().any(|disabled| *disabled == name) {
            return SelectionError::Disabled { name };
        }
        let mut known: Vec<&str> = self.members.iter().map(|member| &*member.job.name).collect();
        known.sort_unstable();
        match known.is_empty() {
            true => SelectionError::None { name },
            false => SelectionError::Unknown { name, known: known.join(", ") },
        }
    }

    /// Runs the selected sources, or joins their runs, and waits for them until the deadline.
    pub(crate) async fn scrape(
        self: &Arc<Self>,
        selection: Selection,
        deadline: Option<Instant>,
    ) -> Scrape {
        // All of them start before the first is waited for.
        let pending: Vec<(&Arc<Member>, Pending)> = match &self.runner {
            Some(runner) => self
                .selected(&selection)
                .map(|member| (member, member.job.ask(runner, deadline)))
                .collect(),
            None => Vec::new(),
        };
        let mut answers = Vec::with_capacity(pending.len());
        for (member, pending) in pending {
            answers.push((Arc::clone(member), member.job.answer(pending).await));
        }
        Scrape { sources: Arc::clone(self), selection, answers }
    }

    fn selected(&self, selection: &Selection) -> impl Iterator<Item = &Arc<Member>> {
        let wants_own =
            self.own.as_ref().is_some_and(|own| selection.has_any_family(&own.families));
        self.members.iter().filter(move |member| {
            selection.has_collector(&member.job.name)
                && (wants_own || member.has_wanted_family(selection))
        })
    }
}

/// The results of the sources for one request, to be encoded.
pub(crate) struct Scrape {
    sources: Arc<Sources>,
    selection: Selection,
    answers: Vec<(Arc<Member>, Answer)>,
}

impl Scrape {
    /// Appends the exposition, and returns whether all sources and collectors have succeeded. A
    /// source that panics while it is encoded has failed, and the metrics about sources say so.
    pub(crate) fn encode(mut self, format: Format, buffer: &mut Vec<u8>) -> bool {
        let sources = Arc::clone(&self.sources);
        let selection = std::mem::take(&mut self.selection);
        let request = ScrapeRequest { format, names: selection.names() };
        let have_answered = self.answers.iter().all(|(_, answer)| answer.scraped.is_some());
        sources.registry.encode_request(&request, &mut self, buffer) && have_answered
    }
}

impl Provider for Scrape {
    /// Returns the samples of the sources, and the metrics about them.
    fn provide(&self) -> Vec<ScrapeCollector> {
        let mut own = ScrapeMetrics::default();
        let mut provided = Vec::with_capacity(self.answers.len() + 1);
        for (member, answer) in &self.answers {
            own.add(&member.job.name, answer);
            let is_up = answer.scraped.is_some();
            provided.extend(member.up.as_ref().map(|registered| registered.collector(up(is_up))));
            let scraped = answer.scraped.clone();
            provided.extend(scraped.map(|scraped| member.registered.collector(scraped)));
        }
        let registered = self.sources.own.as_ref();
        provided.extend(registered.map(|registered| registered.collector(Arc::new(own))));
        provided
    }

    fn leave_out(&mut self, id: CollectorId) {
        let of_source = self.answers.iter_mut().filter(|(member, _)| member.registered.id == id);
        of_source.for_each(|(member, answer)| {
            member.job.has_panicked();
            *answer = Answer { scraped: None, age: None, ..*answer };
        });
    }
}
