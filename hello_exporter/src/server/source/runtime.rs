//! Runtimes for sources and probes, so that an author's code cannot delay the HTTP server.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime that does not wait for its tasks when it is dropped, since they may hang.
pub(crate) struct SourceRuntime {
    runtime: Option<Runtime>,
    handle: Handle,
}

impl SourceRuntime {
    /// Threads for what an author's code passes to `spawn_blocking`, such as name resolution.
    const SPARE_BLOCKING_THREADS: usize = 32;

    /// Workers for the sockets and timers of probes, and for what an author's code spawns.
    const PROBE_WORKERS: usize = 4;

    /// Threads for the probes of a path, and for what they pass to `spawn_blocking`: many more than
    /// run at once, since a probe that blocks its thread keeps it.
    const PROBES_OF_A_PATH: usize = 512;

    /// Longer than the usual scrape interval, so that a scrape reuses the threads of the last one.
    const BLOCKING_THREAD_KEEP_ALIVE: Duration = Duration::from_secs(120);

    /// Creates a runtime for `runs` concurrent runs, with threads named `name`; `None` if `runs` is
    /// 0.
    ///
    /// There is one worker more than runs, so that an `async fn` that blocks its thread, as it
    /// should not, delays no other run, even if all other runs do the same.
    pub(crate) fn new(name: &str, runs: usize) -> io::Result<Option<Arc<Self>>> {
        if runs == 0 {
            return Ok(None);
        }
        Self::with_threads(name, runs + 1, runs + Self::SPARE_BLOCKING_THREADS).map(Some)
    }

    /// Creates a runtime for the probes of `paths` paths. Each probe has a thread of its own, named
    /// `probe`. Returns `None` if `paths` is 0.
    pub(crate) fn probes(paths: usize) -> io::Result<Option<Arc<Self>>> {
        if paths == 0 {
            return Ok(None);
        }
        Self::with_threads("probe", Self::PROBE_WORKERS, paths * Self::PROBES_OF_A_PATH).map(Some)
    }

    /// Creates a runtime with one worker, for the library's own tasks, and threads for `runs`
    /// concurrent runs that block.
    pub(crate) fn supervisor(runs: usize) -> io::Result<Arc<Self>> {
        Self::with_threads("source-blocking", 1, runs + 1)
    }

    fn with_threads(name: &str, workers: usize, blocking: usize) -> io::Result<Arc<Self>> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .max_blocking_threads(blocking)
            .thread_keep_alive(Self::BLOCKING_THREAD_KEEP_ALIVE)
            .thread_name(name)
            .enable_all()
            .build()?;
        Ok(Arc::new(Self { handle: runtime.handle().clone(), runtime: Some(runtime) }))
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Returns the runtime of a test, whose clock may be paused.
    #[cfg(test)]
    pub(crate) fn current() -> Arc<Self> {
        Arc::new(Self { handle: Handle::current(), runtime: None })
    }
}

impl Drop for SourceRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
