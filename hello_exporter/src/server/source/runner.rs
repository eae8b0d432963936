//! Starts the runs of all sources, and supervises them.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::alarm::Alarm;
use super::job::{Job, RunEnd};
use super::runtime::SourceRuntime;
use super::scraper::{Ran, Work};
use super::time_left::with_deadline;
use super::turn::Turns;

/// Starts runs on one runtime, and supervises them on another, where no author's code can hold a
/// thread.
pub(super) struct Runner {
    runtime: Arc<SourceRuntime>,
    turns: Arc<Turns>,
    alarm: Arc<Alarm>,
    /// Runs the supervisor, and has the threads of blocking runs: those of `runtime` can all be held
    /// by what author's code passes to `spawn_blocking`.
    supervisor: Arc<SourceRuntime>,
}

/// How often the supervisor looks at the current runs.
const PERIOD: Duration = Duration::from_millis(100);

impl Runner {
    pub(super) fn new(
        jobs: Vec<Arc<Job>>,
        runtime: Arc<SourceRuntime>,
        supervisor: Arc<SourceRuntime>,
    ) -> Self {
        let handle = runtime.handle().clone();
        let turns = Arc::new(Turns::new(supervisor.handle().clone(), Turns::PATIENCE));
        let alarm = Arc::new(Alarm::default());
        let supervise = supervise(jobs, Arc::clone(&turns), handle, Arc::clone(&alarm));
        supervisor.handle().spawn(supervise);
        Self { runtime, turns, alarm, supervisor }
    }

    /// Starts the work of a run. Returns what stops it, if anything can.
    pub(super) fn start(&self, work: Work, end: RunEnd) -> Option<AbortHandle> {
        self.alarm.set(Instant::now() + PERIOD);
        let runtime = self.runtime.handle().clone();
        match work {
            Work::Async(future) => {
                let future = with_deadline(end.deadline(), future);
                let task = runtime.spawn(async move { end.end(future.await) });
                return Some(task.abort_handle());
            }
            Work::Blocking(function) => {
                self.supervisor.handle().spawn_blocking(move || call(&runtime, function, end));
            }
            Work::InTurn(function) => {
                self.turns.push(Box::new(move || call(&runtime, function, end)));
            }
        }
        None
    }
}

/// Calls a function, unless it had to wait for so long that no request wants its result. What it
/// spawns runs on `runtime`.
fn call(runtime: &Handle, function: Box<dyn FnOnce() -> Ran + Send>, end: RunEnd) {
    let _context = runtime.enter();
    if !end.is_late() {
        end.end(function());
    }
}

/// Ends the wait for runs that take too long.
async fn supervise(jobs: Vec<Arc<Job>>, turns: Arc<Turns>, runtime: Handle, alarm: Arc<Alarm>) {
    loop {
        alarm.wait().await;
        let now = Instant::now();
        let due = jobs.iter().filter_map(|job| job.check(now)).chain(turns.check(now)).min();
        if let Some(due) = due {
            wake_a_worker(&runtime);
            alarm.set(due.min(now + PERIOD));
        }
    }
}

/// Has an idle worker poll the runtime's sockets and timers.
///
/// One worker does so for all while it is idle. If the source that it then runs blocks the thread,
/// nobody else takes over until another worker wakes up, and all sources that wait would wait for
/// the one that blocks.
fn wake_a_worker(runtime: &Handle) {
    runtime.spawn(async {});
}
