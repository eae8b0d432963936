//! Starts the runs of all sources, and supervises them.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::alarm::Alarm;
use super::job::{Job, RunEnd};
use super::runnable::{RunBody, RunResult};
use super::runtime::SourceRuntime;
use super::serial::SerialThread;
use super::time_left::with_deadline;

/// Starts asynchronous runs on one runtime. Supervises all runs on the worker of another, which no
/// author's code can hold.
pub(super) struct Runner {
    runtime: Arc<SourceRuntime>,
    serial: Arc<SerialThread>,
    alarm: Arc<Alarm>,
    /// Runs the supervisor, and has the threads of blocking runs: an author's calls of
    /// `spawn_blocking` can hold all threads of `runtime`.
    supervisor: Arc<SourceRuntime>,
}

/// The longest time between two checks of the current runs.
const PERIOD: Duration = Duration::from_millis(100);

impl Runner {
    pub(super) fn new(
        jobs: Vec<Arc<Job>>,
        runtime: Arc<SourceRuntime>,
        supervisor: Arc<SourceRuntime>,
    ) -> Self {
        let handle = runtime.handle().clone();
        let serial = SerialThread::new(supervisor.handle().clone(), SerialThread::PATIENCE);
        let serial = Arc::new(serial);
        let alarm = Arc::new(Alarm::default());
        let supervise = supervise(jobs, Arc::clone(&serial), handle, Arc::clone(&alarm));
        supervisor.handle().spawn(supervise);
        Self { runtime, serial, alarm, supervisor }
    }

    /// Starts a run. Returns the handle that stops it, if it is asynchronous.
    pub(super) fn start(&self, body: RunBody, end: RunEnd) -> Option<AbortHandle> {
        self.alarm.set(Instant::now() + PERIOD);
        let runtime = self.runtime.handle().clone();
        match body {
            RunBody::Async(future) => {
                let future = end.snapshot().scope(with_deadline(end.deadline(), future));
                let task = runtime.spawn(async move { end.end(future.await) });
                return Some(task.abort_handle());
            }
            RunBody::Blocking(function) => {
                self.supervisor.handle().spawn_blocking(move || call(&runtime, function, end));
            }
            RunBody::InTurn(function) => {
                self.serial.push(Box::new(move || call(&runtime, function, end)));
            }
        }
        None
    }
}

/// Calls a function, unless its run timed out while it waited for a thread. Tasks that it spawns
/// run on `runtime`.
fn call(runtime: &Handle, function: Box<dyn FnOnce() -> RunResult + Send>, end: RunEnd) {
    let _context = runtime.enter();
    if !end.has_timed_out() {
        let result = end.snapshot().scope_call(function);
        end.end(result);
    }
}

/// Ends the wait for runs that take too long.
async fn supervise(
    jobs: Vec<Arc<Job>>,
    serial: Arc<SerialThread>,
    runtime: Handle,
    alarm: Arc<Alarm>,
) {
    loop {
        alarm.wait().await;
        let now = Instant::now();
        let due = jobs.iter().filter_map(|job| job.check(now)).chain(serial.check(now)).min();
        if let Some(due) = due {
            wake_a_worker(&runtime);
            alarm.set(due.min(now + PERIOD));
        }
    }
}

/// Makes an idle worker poll the runtime's sockets and timers.
///
/// One idle worker polls for all workers. If the source that it runs next blocks the thread, no
/// worker polls until another one wakes up: all waiting sources would wait for the one that blocks.
fn wake_a_worker(runtime: &Handle) {
    runtime.spawn(async {});
}
