//! Questions that may never be answered, as those to a mount whose server has gone.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
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

    /// What the paths answer, in their order; nothing for an error, and where no answer comes in time.
    pub(super) fn ask(&self, paths: &[&Path]) -> Vec<Option<A>> {
        let (sender, receiver) = mpsc::channel();
        for (at, path) in paths.iter().enumerate() {
            let sender = sender.clone();
            self.start(path, move |answer| drop(sender.send((at, answer))));
        }
        drop(sender);
        let mut answers: Vec<Option<A>> = paths.iter().map(|_| None).collect();
        let deadline = Instant::now() + self.timeout;
        let left = || deadline.saturating_duration_since(Instant::now());
        while let Ok((at, answer)) = receiver.recv_timeout(left()) {
            if let Some(place) = answers.get_mut(at) {
                *place = answer;
            }
        }
        answers
    }

    /// A thread each, so that one that is stuck holds up no other.
    fn start(&self, path: &Path, tell: impl FnOnce(Option<A>) + Send + 'static) {
        if !self.asked.paths().insert(path.to_owned()) {
            return warn!(path = %path.display(), "A mount does not answer");
        }
        let (ask, asked, its) = (self.ask, Arc::clone(&self.asked), path.to_owned());
        let run = move || {
            let answer = ask(&its);
            asked.paths().remove(&its);
            tell(
                answer.inspect_err(|error| debug!(path = %its.display(), %error, "No answer")).ok(),
            );
        };
        if let Err(error) = thread::Builder::new().stack_size(Self::STACK).spawn(run) {
            warn!(%error, "Cannot ask a mount");
            self.asked.paths().remove(path);
        }
    }

    const STACK: usize = 128 << 10;
}
