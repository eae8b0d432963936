//! One source and its runs: at most one at a time, shared by the requests that arrive during it.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, error, info};

use super::runnable::{DropLogs, Failure, FailureKind, RunResult, RunnableSource, Scraped};
use super::runner::Runner;
use super::status::{LastRun, Status};
use super::time_left::reserve;
use crate::internals::{self, CollectorName, Guarded, Joined, SingleFlight, lock};
use crate::server::config::Snapshot;

/// A source of an exporter.
pub(super) struct Job {
    pub(super) name: CollectorName,
    timeout: Duration,
    cache: Option<Duration>,
    source: Guarded<Arc<dyn RunnableSource>>,
    drops: DropLogs,
    runs: SingleFlight<RunStart, Outcome>,
    /// How the last run ended.
    last: Mutex<Option<RunSummary>>,
}

/// How a run ended.
struct RunSummary {
    failure: Option<FailureKind>,
    /// Whether its samples panicked while they were encoded.
    has_panicked: bool,
    started: Instant,
    finished: Instant,
}

/// The part of a scrape request that all its sources share.
pub(super) struct RunRequest<'a> {
    pub(super) runner: &'a Runner,
    /// How long the request waits.
    pub(super) deadline: Option<Instant>,
    /// The version of the configuration that all sources of the request use.
    pub(super) snapshot: &'a Snapshot,
}

/// One run. It ends when the author's code returns, which can be after its timeout decided the
/// outcome: nothing stops a thread that blocks, and its source does not run again before it
/// returns.
pub(super) type Run = internals::Run<RunStart>;

/// When and with which configuration a run started, and those who wait for its outcome.
pub(super) struct RunStart {
    started: Instant,
    snapshot: Snapshot,
    outcome: watch::Sender<Option<Arc<Outcome>>>,
}

/// The outcome of a run.
pub(super) struct Outcome {
    /// The samples; `None` if the run failed.
    scraped: Option<Scraped>,
    started: Instant,
    finished: Instant,
    snapshot: Snapshot,
}

/// The response of a source to one request.
pub(super) struct SourceResponse {
    /// The samples; `None` if the source failed, or the request stopped waiting.
    pub(super) scraped: Option<Scraped>,
    /// How long the run took, or has taken so far.
    pub(super) duration: Duration,
    /// How old the samples are, if the source has a cache.
    pub(super) age: Option<Duration>,
}

/// A response for which a request waits.
pub(super) enum PendingResponse {
    /// The cache has it already.
    Cached(Arc<Outcome>),
    Run {
        run: Arc<Run>,
        until: Instant,
    },
}

impl Job {
    pub(super) fn new(
        name: CollectorName,
        timeout: Duration,
        cache: Option<Duration>,
        source: Guarded<Arc<dyn RunnableSource>>,
    ) -> Self {
        let drops = DropLogs::new(&name);
        Self {
            name,
            timeout,
            cache,
            source,
            drops,
            runs: SingleFlight::default(),
            last: Mutex::default(),
        }
    }

    /// Joins the current run, or starts one, unless the cache has an outcome.
    ///
    /// The run has the source's timeout; the deadline limits only how long this request waits.
    pub(super) fn run(self: &Arc<Self>, request: &RunRequest<'_>) -> PendingResponse {
        if let Some(outcome) = self.cached(request.snapshot) {
            return PendingResponse::Cached(outcome);
        }
        let make = || RunStart::new(Instant::now(), request.snapshot.clone());
        let run = match self.runs.join_or_make(make) {
            Joined::Current(run) => run,
            Joined::New { run, stale } => {
                self.start(&run, Stale(stale), request.runner);
                run
            }
        };
        let timeout = run.about.started + self.timeout;
        let until = request.deadline.map_or(timeout, |deadline| deadline.min(timeout));
        PendingResponse::Run { run, until }
    }

    /// Returns the cached outcome, unless it is too old, or of another configuration.
    fn cached(&self, snapshot: &Snapshot) -> Option<Arc<Outcome>> {
        let cache = self.cache?;
        self.runs.cached().filter(|it| it.finished.elapsed() < cache && it.snapshot.is(snapshot))
    }

    /// Starts the author's code, without holding the lock.
    fn start(self: &Arc<Self>, run: &Arc<Run>, stale: Stale, runner: &Runner) {
        let (job, run_of_end) = (Arc::clone(self), Arc::clone(run));
        let end = RunEnd { job, run: run_of_end, stale, has_ended: false };
        let Some(source) = self.source.get() else { return };
        let body = Arc::clone(source).run_body(&self.drops);
        if let Some(abort) = runner.start(body, end) {
            run.stop_with(move || abort.abort());
        }
    }

    /// Waits for a response that [`run`](Self::run) returned.
    ///
    /// If the current run began with another version of the configuration, waits for its end, and
    /// starts a run with the version of the request.
    pub(super) async fn wait(
        self: &Arc<Self>,
        mut pending: PendingResponse,
        request: &RunRequest<'_>,
    ) -> SourceResponse {
        loop {
            let (run, until) = match pending {
                PendingResponse::Cached(outcome) => return self.response(&outcome),
                PendingResponse::Run { run, until } => (run, until),
            };
            let outcome = run.about.outcome(until).await;
            if run.about.snapshot.is(request.snapshot) {
                return match outcome {
                    Some(outcome) => self.response(&outcome),
                    None => self.late_response(&run),
                };
            }
            if outcome.is_none() || self.runs.is_current(&run) {
                return self.late_response(&run);
            }
            pending = self.run(request);
        }
    }

    /// Returns the response to a request that waits no longer.
    fn late_response(&self, run: &Run) -> SourceResponse {
        debug!(collector = &*self.name, "Request stops waiting for the collector");
        SourceResponse { scraped: None, duration: run.about.started.elapsed(), age: None }
    }

    fn response(&self, outcome: &Outcome) -> SourceResponse {
        let Outcome { scraped, started, finished, .. } = outcome;
        let is_cacheable = self.cache.is_some() && scraped.is_some();
        SourceResponse {
            scraped: scraped.clone(),
            duration: finished.duration_since(*started),
            age: is_cacheable.then(|| finished.elapsed()),
        }
    }

    /// Ends the wait for a run whose timeout has passed. Returns when to check again; `None` if no
    /// run is left to check.
    ///
    /// No author's code runs here.
    pub(super) fn check(&self, now: Instant) -> Option<Instant> {
        let run = self.runs.current().filter(|run| !run.is_decided())?;
        let due = run.about.started + self.timeout;
        if now < due {
            return Some(due);
        }
        let result = || Err(Failure::Timeout(self.timeout)).into();
        run.time_out(|| self.conclude(&run, result(), now), |outcome| run.about.publish(outcome));
        None
    }

    /// Logs and records how a run ended. Returns its outcome, and caches a good one.
    fn conclude(&self, run: &Run, result: RunResult, finished: Instant) -> Arc<Outcome> {
        let started = result.started.unwrap_or(run.about.started);
        let (scraped, failure) = match result.samples {
            Ok(scraped) => (Some(scraped), None),
            Err(failure) => (None, Some(failure)),
        };
        self.record(failure, started, finished);
        let snapshot = run.about.snapshot.clone();
        let outcome = Arc::new(Outcome { scraped, started, finished, snapshot });
        if self.cache.is_some() && outcome.scraped.is_some() {
            let before = self.runs.cache(Arc::clone(&outcome));
            drop(before);
        }
        outcome
    }

    /// Records how a run ended. Logs if the source begins to fail, fails in another way, or works
    /// again.
    fn record(&self, failure: Option<Failure>, started: Instant, finished: Instant) {
        let kind = failure.as_ref().map(Failure::kind);
        let summary = RunSummary { failure: kind, has_panicked: false, started, finished };
        let before = self.last().replace(summary).and_then(|last| last.failure);
        let collector = &*self.name;
        match failure {
            _ if kind == before => {}
            None => info!(collector, "Collector works again"),
            Some(Failure::Cancelled) => {}
            Some(error) => error!(collector, %error, "Collector failed, its metrics are left out"),
        }
    }

    /// Records that the samples of the last run panicked while they were encoded.
    pub(super) fn record_panic(&self) {
        if let Some(last) = &mut *self.last() {
            last.has_panicked = true;
        }
    }

    /// Returns the status of the source, without running it.
    pub(super) fn status(&self) -> Status {
        let now = Instant::now();
        let last = self.last().as_ref().map(|last| LastRun {
            failure: last.failure.or(last.has_panicked.then_some(FailureKind::Panic)),
            duration: last.finished.duration_since(last.started),
            age: now.saturating_duration_since(last.finished),
        });
        let running = self.runs.current();
        let running = running.map(|run| now.saturating_duration_since(run.about.started));
        Status { name: self.name.clone(), cache: self.cache, running, last }
    }

    fn last(&self) -> MutexGuard<'_, Option<RunSummary>> {
        lock(&self.last)
    }
}

impl RunStart {
    fn new(started: Instant, snapshot: Snapshot) -> Self {
        Self { started, snapshot, outcome: watch::Sender::new(None) }
    }

    fn publish(&self, outcome: Arc<Outcome>) {
        self.outcome.send_replace(Some(outcome));
    }

    /// Waits for the outcome, up to `until`. Returns `None` if the run has none by then.
    async fn outcome(&self, until: Instant) -> Option<Arc<Outcome>> {
        let mut outcomes = self.outcome.subscribe();
        let waited = timeout_at(until, outcomes.wait_for(Option::is_some)).await;
        waited.ok().and_then(Result::ok).and_then(|outcome| outcome.clone())
    }
}

/// Ends a run, at the latest when it is dropped: the source can then run again.
pub(super) struct RunEnd {
    job: Arc<Job>,
    run: Arc<Run>,
    stale: Stale,
    has_ended: bool,
}

/// The outcome that a run replaces in the cache. The run drops it, so that an author's `drop` that
/// hangs affects this source alone.
struct Stale(#[expect(dead_code, reason = "it is dropped")] Option<Arc<Outcome>>);

impl RunEnd {
    /// Returns when the run should end by itself, before it is stopped.
    pub(super) fn deadline(&self) -> Instant {
        let timeout = self.job.timeout;
        self.run.about.started + (timeout - reserve(timeout))
    }

    /// Returns the version of the configuration that the run uses.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.run.about.snapshot.clone()
    }

    /// Returns whether the timeout has passed, so that no request waits for the run.
    pub(super) fn has_timed_out(&self) -> bool {
        self.run.is_decided()
    }

    /// Ends the run with its result, which is dropped if the run has timed out.
    pub(super) fn end(mut self, result: RunResult) {
        self.end_with(result);
    }

    fn end_with(&mut self, result: RunResult) {
        self.has_ended = true;
        let Self { job, run, stale, .. } = self;
        *stale = Stale(None);
        let conclude = || job.conclude(run, result, Instant::now());
        job.runs.end(run, conclude, |outcome| run.about.publish(outcome));
    }
}

impl Drop for RunEnd {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end_with(Err(Failure::Cancelled).into());
        }
    }
}
