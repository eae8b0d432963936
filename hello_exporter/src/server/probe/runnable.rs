//! A type-erased probe, and its runs.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::runtime::Handle;
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::time::{Instant, timeout};
use tracing::Dispatch;
use tracing::dispatcher::set_default;

use super::{Probe, ProbeRequest, TargetError};
use crate::internals::catch_async;
use crate::server::config::Snapshot;
use crate::server::source::{DropLogs, Failure, Scraped, scraped, with_deadline};

/// A type-erased [`Probe`].
pub(crate) trait RunnableProbe: Send + Sync {
    fn check_target(&self, target: &str) -> Result<(), TargetError>;

    /// Starts a probe. `drops` drop its metrics and its future.
    fn start(
        self: Arc<Self>,
        request: ProbeRequest,
        drops: &DropLogs,
        place: ProbePlace<'_>,
    ) -> ProbeTask;
}

/// Where a probe runs and logs.
pub(crate) struct ProbePlace<'a> {
    pub(super) runtime: &'a Handle,
    /// The subscriber of the run, if it is not the exporter's.
    pub(super) log: Option<Dispatch>,
}

/// The result of a probe that returned metrics.
pub(super) struct ProbeOutcome {
    pub(super) metrics: Scraped,
    pub(super) is_success: bool,
    /// Why it failed, if the author gives a cause.
    pub(super) cause: Option<Failure>,
}

pub(super) type ProbeRun = Result<ProbeOutcome, Failure>;

/// A running probe. Dropping this drops the probe at its next `await`.
pub(crate) struct ProbeTask {
    run: oneshot::Receiver<ProbeRun>,
    /// Its sender is dropped once the probe has a thread.
    thread: oneshot::Receiver<()>,
}

impl ProbeTask {
    /// Runs a probe on a thread of its own, so that a probe that blocks its thread delays no other.
    fn start(
        place: ProbePlace<'_>,
        probe: impl Future<Output = ProbeRun> + Send + 'static,
    ) -> Self {
        let ProbePlace { runtime, log } = place;
        let (mut sender, run) = oneshot::channel();
        let (waits, thread) = oneshot::channel();
        let handle = runtime.clone();
        runtime.spawn_blocking(move || {
            drop(waits);
            let _log = log.as_ref().map(set_default);
            let run = handle.block_on(async {
                // A probe whose request ended before it had a thread does not start.
                match select(pin!(sender.closed()), pin!(probe)).await {
                    Either::Left(_) => None,
                    Either::Right((run, _)) => Some(run),
                }
            });
            if let Some(run) = run {
                _ = sender.send(run);
            }
        });
        Self { run, thread }
    }

    /// Waits for the result of the probe, up to `at_most`.
    pub(super) async fn wait(mut self, at_most: Duration) -> ProbeRun {
        match timeout(at_most, self.run).await {
            Ok(run) => run.unwrap_or(Err(Failure::Cancelled)),
            Err(_) if self.thread.try_recv() == Err(TryRecvError::Empty) => {
                Err(Failure::NoThread(at_most))
            }
            Err(_) => Err(Failure::Timeout(at_most)),
        }
    }
}

impl<P: Probe> RunnableProbe for P {
    fn check_target(&self, target: &str) -> Result<(), TargetError> {
        Probe::check_target(self, target)
    }

    fn start(
        self: Arc<Self>,
        request: ProbeRequest,
        drops: &DropLogs,
        place: ProbePlace<'_>,
    ) -> ProbeTask {
        let (metrics, futures) = (drops.metrics.clone(), drops.futures.clone());
        let deadline = Instant::now() + request.timeout;
        let probe = async move {
            let probe = async {
                let probed = self.probe(request).await.map_err(Failure::of_error)?;
                let (is_success, cause) = (probed.is_success, probed.cause.map(Failure::Error));
                let metrics = scraped(Ok::<_, Failure>(probed.metrics), &metrics)?;
                Ok(ProbeOutcome { metrics, is_success, cause })
            };
            catch_async(probe, &futures).await?
        };
        // The thread of the probe is outside of the request.
        let snapshot = Snapshot::of_run();
        ProbeTask::start(place, snapshot.scope(with_deadline(deadline, probe)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::mpsc;

    use tokio::runtime::{Builder, Runtime};
    use tokio::task::JoinHandle;

    use super::*;

    /// A runtime with one thread for probes, which is held until the sender is dropped.
    fn runtime_without_a_thread() -> (Runtime, JoinHandle<()>, mpsc::Sender<()>) {
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(1).max_blocking_threads(1).enable_time();
        let runtime = builder.build().unwrap();
        let (release, held) = mpsc::channel();
        let holder = runtime.spawn_blocking(move || held.recv().unwrap_or_default());
        (runtime, holder, release)
    }

    fn place(runtime: &Runtime) -> ProbePlace<'_> {
        ProbePlace { runtime: runtime.handle(), log: None }
    }

    #[test]
    fn probe_whose_request_ended_does_not_start() {
        let (runtime, holder, release) = runtime_without_a_thread();
        let (start, started) = mpsc::channel();
        let probe = async move {
            start.send(()).unwrap();
            Err(Failure::Cancelled)
        };
        drop(ProbeTask::start(place(&runtime), probe));
        drop(release);
        runtime.block_on(holder).unwrap();
        // The sender is dropped without having been used.
        assert_eq!(started.recv(), Err(mpsc::RecvError));
    }

    #[test]
    fn missing_thread_is_reported() {
        let (runtime, _holder, _release) = runtime_without_a_thread();
        let task = ProbeTask::start(place(&runtime), std::future::pending());
        let run = runtime.block_on(task.wait(Duration::from_millis(5)));
        let error = run.err().unwrap().to_string();
        assert_eq!(error, "no thread was free within 5ms, probes block all of them");
    }
}
