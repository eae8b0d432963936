//! Where sources run: a runtime of their own, so that nothing they do holds the HTTP server up.

use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime that is left alone when it is dropped: what hangs in it is not waited for.
pub(crate) struct SourceRuntime {
    runtime: Option<Runtime>,
    handle: Handle,
}

impl SourceRuntime {
    const MOST_WORKERS: usize = 16;

    /// For what author's code hands to `spawn_blocking` itself, name resolution among it.
    const SPARE_BLOCKING_THREADS: usize = 32;

    /// A runtime for so many runs at once, whose threads are called so. None for none.
    ///
    /// Up to [`MOST_WORKERS`](Self::MOST_WORKERS) there is a worker for each, and one more: an `async fn` that
    /// blocks its thread, which it should not, holds no other up. Blocking sources share a pool of as many
    /// threads and some more, since none has more than one run.
    pub(crate) fn new(name: &str, runs: usize) -> io::Result<Option<Arc<Self>>> {
        if runs == 0 {
            return Ok(None);
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads((runs + 1).clamp(2, Self::MOST_WORKERS))
            .max_blocking_threads(runs + Self::SPARE_BLOCKING_THREADS)
            .thread_name(name)
            .enable_all()
            .build()?;
        Ok(Some(Arc::new(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })))
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The runtime of a test, whose clock may be paused.
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
