//! Queries of mounts that may never answer, such as a mount whose server is gone.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::{info, warn};

/// Queries paths on a few threads, for up to `timeout`. A path that has not answered yet is not
/// queried again.
pub(super) struct Watch<A> {
    timeout: Duration,
    threads: usize,
    /// Threads count as stuck if no answer arrives for this long.
    patience: Duration,
    query: fn(&Path) -> A,
    /// The paths that are being queried, and whether each has been logged as stuck.
    busy: Arc<Mutex<HashMap<PathBuf, bool>>>,
}

impl<A: Send + 'static> Watch<A> {
    const STACK: usize = 128 << 10;

    pub(super) fn new(timeout: Duration, threads: usize, query: fn(&Path) -> A) -> Self {
        Self { timeout, threads, patience: Duration::from_millis(100), query, busy: Arc::default() }
    }

    /// Returns the answers of the paths that answer in time.
    pub(super) fn query(&self, mut paths: BTreeSet<PathBuf>) -> HashMap<PathBuf, A> {
        paths.retain(|path| !lock(&self.busy).contains_key(path));
        let (deadline, count) = (Instant::now() + self.timeout, paths.len());
        let (sender, receiver) = mpsc::channel();
        let paths = Arc::new(Mutex::new(paths));
        let mut can_start = self.start(&paths, &sender);
        let mut answers = HashMap::with_capacity(count);
        let left = || deadline.saturating_duration_since(Instant::now());
        while answers.len() < count {
            match receiver.recv_timeout(left().min(self.patience)) {
                Ok(answer) => answers.extend([answer]),
                Err(_) if left().is_zero() => break,
                // All the threads are stuck.
                Err(_) if can_start => can_start = self.start(&paths, &sender),
                Err(_) => {}
            }
        }
        lock(&paths).clear();
        for (path, is_stuck) in &mut *lock(&self.busy) {
            if !mem::replace(is_stuck, true) {
                warn!(path = %path.display(), "A mount does not answer");
            }
        }
        answers
    }

    /// Starts threads, each of which queries one path after another. Returns `false` if a thread
    /// cannot be started.
    fn start(&self, paths: &Arc<Mutex<BTreeSet<PathBuf>>>, answers: &Sender<(PathBuf, A)>) -> bool {
        let threads = self.threads.min(lock(paths).len());
        for _ in 0..threads {
            let (query, busy) = (self.query, Arc::clone(&self.busy));
            let (paths, answers) = (Arc::clone(paths), answers.clone());
            let run = move || {
                let begun = |path: &PathBuf| _ = lock(&busy).insert(path.clone(), false);
                let next = || lock(&paths).pop_first().inspect(begun);
                while let Some(path) = next() {
                    let answer = query(&path);
                    if lock(&busy).remove(&path) == Some(true) {
                        info!(path = %path.display(), "A mount answers again");
                    }
                    drop(answers.send((path, answer)));
                }
            };
            if let Err(error) = thread::Builder::new().stack_size(Self::STACK).spawn(run) {
                warn!(%error, "Cannot start a thread to query mounts");
                return false;
            }
        }
        true
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
