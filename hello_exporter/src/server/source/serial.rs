//! Runs functions that do not wait, one after another on one thread.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::internals::lock;

type Function = Box<dyn FnOnce() + Send>;

/// A thread that calls functions one after another.
///
/// If one of them blocks, the others get threads of their own.
pub(super) struct SerialThread {
    runtime: Handle,
    /// How long the other functions wait for one that blocks.
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

impl SerialThread {
    pub(super) const PATIENCE: Duration = Duration::from_millis(250);

    pub(super) fn new(runtime: Handle, patience: Duration) -> Self {
        Self { runtime, patience, queue: Mutex::default() }
    }

    /// Queues a function after those that wait already.
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
        let serial = Arc::clone(self);
        self.runtime.spawn_blocking(move || serial.call_all(id));
    }

    fn call_all(&self, caller: u64) {
        while let Some(function) = self.next(caller) {
            function();
        }
    }

    /// Takes the next function; `None` if no function waits, or if another caller has taken over.
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

    /// Stops the wait for a function that blocks: each waiting function then runs on a thread of
    /// its own, as any of them may block too. Returns when to check again; `None` if no function is
    /// left to check.
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
