//! One source, and its runs: at most one at a time, shared by all who ask meanwhile.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, error, info};

use super::scraper::{Failure, FailureKind, Ran, Scraped, Scraper};
use super::status::{LastRun, Status};
use crate::registry::CollectorName;

/// A source of an exporter.
pub(super) struct Job {
    pub(super) name: CollectorName,
    timeout: Duration,
    cache: Option<Duration>,
    scraper: Arc<dyn Scraper>,
    state: Mutex<State>,
}

/// What is remembered of a source.
#[derive(Default)]
struct State {
    /// The run that is under way.
    run: Option<Run>,
    /// The last good outcome, where it may be served again.
    cached: Option<Arc<Outcome>>,
    /// How the last run has ended.
    last: Option<Ended>,
}

/// How a run has ended.
struct Ended {
    /// Of what kind its failure was.
    failure: Option<FailureKind>,
    /// Whether its samples panicked when they were encoded.
    has_panicked: bool,
    started: Instant,
    finished: Instant,
}

/// A run, as those see it who wait for it.
#[derive(Clone)]
pub(super) struct Run {
    started: Instant,
    outcome: watch::Receiver<Option<Arc<Outcome>>>,
}

/// What a run has come to.
pub(super) struct Outcome {
    /// The samples, or nothing where it failed.
    scraped: Option<Scraped>,
    started: Instant,
    finished: Instant,
}

/// What a request gets from a source.
pub(super) struct Answer {
    /// The samples; nothing if the source failed, or was too late for this request.
    pub(super) scraped: Option<Scraped>,
    /// How long the run took, or has been going on.
    pub(super) duration: Duration,
    /// How old the samples are, where the source may be answered for by its cache.
    pub(super) age: Option<Duration>,
}

/// What a request waits for.
pub(super) enum Pending {
    /// Nothing: the cache has it.
    Cached(Arc<Outcome>),
    Run {
        run: Run,
        until: Instant,
    },
}

impl Job {
    pub(super) fn new(
        name: CollectorName,
        timeout: Duration,
        cache: Option<Duration>,
        scraper: Arc<dyn Scraper>,
    ) -> Self {
        Self { name, timeout, cache, scraper, state: Mutex::default() }
    }

    /// Takes the run that is under way, or starts one, unless the cache will do.
    ///
    /// The run has the source's timeout; `deadline` bounds only how long this request waits.
    pub(super) fn ask(self: &Arc<Self>, runtime: &Handle, deadline: Option<Instant>) -> Pending {
        if let Some(outcome) = self.cached() {
            return Pending::Cached(outcome);
        }
        let now = Instant::now();
        let mut state = self.lock();
        let run = match &state.run {
            Some(run) => run.clone(),
            None => state.run.insert(self.start(runtime, now)).clone(),
        };
        let timeout = run.started + self.timeout;
        Pending::Run { run, until: deadline.map_or(timeout, |deadline| deadline.min(timeout)) }
    }

    /// What the cache has. What it had too long is dropped, without the lock.
    fn cached(&self) -> Option<Arc<Outcome>> {
        let cache = self.cache?;
        let mut state = self.lock();
        let is_stale = |outcome: &mut Arc<Outcome>| outcome.finished.elapsed() >= cache;
        let stale = state.cached.take_if(is_stale);
        let cached = state.cached.clone();
        drop(state);
        drop(stale);
        cached
    }

    /// Waits for what [`ask`](Self::ask) has found.
    pub(super) async fn answer(&self, pending: Pending) -> Answer {
        let (mut run, until) = match pending {
            Pending::Cached(outcome) => return self.answer_of(&outcome),
            Pending::Run { run, until } => (run, until),
        };
        let outcome = timeout_at(until, run.outcome.wait_for(Option::is_some)).await;
        let outcome = outcome.ok().and_then(Result::ok).and_then(|outcome| outcome.clone());
        if let Some(outcome) = outcome {
            return self.answer_of(&outcome);
        }
        debug!(collector = &*self.name, "Request does not wait any longer");
        Answer { scraped: None, duration: run.started.elapsed(), age: None }
    }

    fn answer_of(&self, outcome: &Outcome) -> Answer {
        let Outcome { scraped, started, finished } = outcome;
        let is_cacheable = self.cache.is_some() && scraped.is_some();
        Answer {
            scraped: scraped.clone(),
            duration: finished.duration_since(*started),
            age: is_cacheable.then(|| finished.elapsed()),
        }
    }

    fn start(self: &Arc<Self>, runtime: &Handle, started: Instant) -> Run {
        let (sender, outcome) = watch::channel(None);
        let task = Arc::clone(&self.scraper).start(runtime);
        runtime.spawn(Arc::clone(self).supervise(task, started, sender));
        Run { started, outcome }
    }

    /// Sees a run to its end, which may be later than its outcome: who blocks a thread cannot be stopped,
    /// and is not asked again before it has come back.
    async fn supervise(
        self: Arc<Self>,
        mut task: JoinHandle<Ran>,
        started: Instant,
        sender: watch::Sender<Option<Arc<Outcome>>>,
    ) {
        let mut ending = Ending { job: &self, is_over: false };
        let joined = timeout_at(started + self.timeout, &mut task).await;
        let is_late = joined.is_err();
        let ran = match joined {
            Ok(joined) => joined.unwrap_or_else(|error| Err(error.into()).into()),
            Err(_) => Err(Failure::Timeout(self.timeout)).into(),
        };
        let started = ran.started.unwrap_or(started);
        let (scraped, failure) = match ran.result {
            Ok(scraped) => (Some(scraped), None),
            Err(failure) => (None, Some(failure)),
        };
        let finished = Instant::now();
        self.report(failure, started, finished);
        let outcome = Arc::new(Outcome { scraped, started, finished });
        if self.cache.is_some() && outcome.scraped.is_some() {
            let before = self.lock().cached.replace(Arc::clone(&outcome));
            drop(before);
        }
        if !is_late {
            ending.end();
        }
        sender.send_replace(Some(outcome));
        if is_late {
            task.abort();
            // Whatever it has to say comes too late.
            let _ = task.await;
        }
    }

    /// Says that the source has begun to fail, fails of something else, or works again.
    fn report(&self, failure: Option<Failure>, started: Instant, finished: Instant) {
        let kind = failure.as_ref().map(Failure::kind);
        let ended = Ended { failure: kind, has_panicked: false, started, finished };
        let before = self.lock().last.replace(ended).and_then(|ended| ended.failure);
        let collector = &*self.name;
        match failure {
            _ if kind == before => {}
            None => info!(collector, "Collector works again"),
            Some(Failure::Cancelled) => {}
            Some(error) => error!(collector, %error, "Collector failed, its metrics are left out"),
        }
    }

    /// Remembers that the samples of the last run panicked when they were encoded.
    pub(super) fn has_panicked(&self) {
        if let Some(ended) = &mut self.lock().last {
            ended.has_panicked = true;
        }
    }

    /// What is known of it; nothing is run.
    pub(super) fn status(&self) -> Status {
        let state = self.lock();
        let now = Instant::now();
        let last = state.last.as_ref().map(|ended| LastRun {
            failure: ended.failure.or(ended.has_panicked.then_some(FailureKind::Panic)),
            duration: ended.finished.duration_since(ended.started),
            age: now.saturating_duration_since(ended.finished),
        });
        let running = state.run.as_ref().map(|run| now.saturating_duration_since(run.started));
        Status { name: self.name.clone(), cache: self.cache, running, last }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of a run, which comes in any case.
struct Ending<'j> {
    job: &'j Job,
    is_over: bool,
}

impl Ending<'_> {
    /// From now on the source can be asked again.
    fn end(&mut self) {
        if !mem::replace(&mut self.is_over, true) {
            self.job.lock().run = None;
        }
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.end();
    }
}
