//! Questions that may never be answered, as those to a mount whose server has gone.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::{debug, warn};

/// Asks paths, waits so long, and does not ask one again that has yet to answer.
pub(super) struct Watch<A> {
    timeout: Duration,
    ask: fn(&Path) -> io::Result<A>,
    asked: Arc<Asked>,
}

/// The paths of which an answer is awaited.
#[derive(Default)]
struct Asked(Mutex<HashSet<PathBuf>>);

impl Asked {
    fn paths(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A: Send + 'static> Watch<A> {
    pub(super) fn new(timeout: Duration, ask: fn(&Path) -> io::Result<A>) -> Self {
        Self { timeout, ask, asked: Arc::default() }
    }

    /// What the paths answer; nothing for an error, and where no answer comes in time.
    pub(super) fn ask(&self, paths: BTreeSet<PathBuf>) -> HashMap<PathBuf, Option<A>> {
        let (sender, receiver) = mpsc::channel();
        for path in paths {
            self.start(path, sender.clone());
        }
        drop(sender);
        let mut answers = HashMap::new();
        let deadline = Instant::now() + self.timeout;
        let left = || deadline.saturating_duration_since(Instant::now());
        while let Ok((path, answer)) = receiver.recv_timeout(left()) {
            answers.insert(path, answer);
        }
        answers
    }

    /// A thread each, so that one that is stuck holds up no other.
    fn start(&self, path: PathBuf, sender: Sender<(PathBuf, Option<A>)>) {
        if !self.asked.paths().insert(path.clone()) {
            return warn!(path = %path.display(), "A mount does not answer");
        }
        let (ask, asked, its) = (self.ask, Arc::clone(&self.asked), path.clone());
        let run = move || {
            let answer = ask(&its);
            asked.paths().remove(&its);
            let answer =
                answer.inspect_err(|error| debug!(path = %its.display(), %error, "No answer")).ok();
            drop(sender.send((its, answer)));
        };
        if let Err(error) = thread::Builder::new().stack_size(Self::STACK).spawn(run) {
            warn!(%error, "Cannot ask a mount");
            self.asked.paths().remove(&path);
        }
    }

    const STACK: usize = 128 << 10;
}
