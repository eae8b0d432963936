//! Sources that do not wait.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::Source;
use super::scraper::{Drops, Ran, Work, called};
use crate::causes::BoxError;
use crate::collect::Declared;
use crate::sync::lock;

/// Makes a source of a function that reads what is there at once, such as files in `/proc`.
///
/// A blocking function runs on a thread of its own, as it must if it may wait. Many functions that
/// do not wait would wake as many threads at the same moment, which takes time and memory, and an
/// exporter of a host would count itself in `procs_running`. Functions in turn run one after
/// another on one thread. In everything else they are sources; the duration of each begins with its
/// turn.
///
/// If a function blocks after all, for a quarter of a second, the functions that wait for their turn
/// run at once, each on a thread of its own, and those of later scrapes do not wait for it. Its own
/// metrics are waited for until its timeout, and then left out until it returns.
///
/// ```
/// use hello_exporter::{Collector, Exporter, source::in_turn};
/// use std::io;
///
/// #[derive(Collector)]
/// struct Load {
///     /// Load average of the last minute.
///     load1: f64,
/// }
///
/// fn load() -> io::Result<Load> {
///     let text = std::fs::read_to_string("/proc/loadavg")?;
///     let load1 = text.split(' ').next().and_then(|number| number.parse().ok());
///     Ok(Load { load1: load1.ok_or(io::ErrorKind::InvalidData)? })
/// }
///
/// let exporter = Exporter::new("host_exporter").source("load", in_turn(load));
/// # let _ = exporter;
/// ```
pub fn in_turn<M, E>(
    function: impl Fn() -> Result<M, E> + Send + Sync + 'static,
) -> impl Source<Metrics = M, Error = E>
where
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    InTurn(function)
}

struct InTurn<C>(C);

impl<C, M, E> Source for InTurn<C>
where
    C: Fn() -> Result<M, E> + Send + Sync + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    type Metrics = M;
    type Error = E;

    async fn scrape(&self) -> Result<M, E> {
        (self.0)()
    }

    fn work(self: Arc<Self>, drops: &Drops) -> Work {
        let drops = drops.metrics.clone();
        Work::InTurn(Box::new(move || {
            let started = Some(Instant::now());
            Ran { result: called(&self.0, &drops), started }
        }))
    }
}

type Function = Box<dyn FnOnce() + Send>;

/// The functions in turn of one exporter.
pub(super) struct Turns {
    runtime: Handle,
    /// How long a function may take before the others no longer wait for it.
    patience: Duration,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Function>,
    /// The thread that calls the functions, while there are any.
    caller: Option<Caller>,
    callers: u64,
}

/// A thread that calls one function after another.
struct Caller {
    id: u64,
    /// When its current function began.
    began: Instant,
}

impl Turns {
    pub(super) const PATIENCE: Duration = Duration::from_millis(250);

    pub(super) fn new(runtime: Handle, patience: Duration) -> Self {
        Self { runtime, patience, queue: Mutex::default() }
    }

    /// Queues a function, which is called after those that wait already.
    pub(super) fn push(self: &Arc<Self>, function: Function) {
        let mut queue = lock(&self.queue);
        queue.waiting.push_back(function);
        if queue.caller.is_some() {
            return;
        }
        queue.callers += 1;
        let id = queue.callers;
        queue.caller = Some(Caller { id, began: Instant::now() });
        drop(queue);
        let turns = Arc::clone(self);
        self.runtime.spawn_blocking(move || turns.call_all(id));
    }

    fn call_all(&self, caller: u64) {
        while let Some(function) = self.next(caller) {
            function();
        }
    }

    /// Takes the next function; `None` if there is none, or if another caller has taken over.
    fn next(&self, id: u64) -> Option<Function> {
        let mut queue = lock(&self.queue);
        let caller = queue.caller.as_mut().filter(|caller| caller.id == id)?;
        caller.began = Instant::now();
        let next = queue.waiting.pop_front();
        if next.is_none() {
            queue.caller = None;
        }
        next
    }

    /// Stops the wait for a function that blocks: the functions that wait then run at once, as any
    /// of them may block too. Returns when to look again; `None` if no function runs.
    pub(super) fn check(&self, now: Instant) -> Option<Instant> {
        let mut queue = lock(&self.queue);
        let due = queue.caller.as_ref()?.began + self.patience;
        if now < due {
            return Some(due);
        }
        queue.caller = None;
        let waiting = std::mem::take(&mut queue.waiting);
        drop(queue);
        for function in waiting {
            self.runtime.spawn_blocking(function);
        }
        None
    }
}
