//! The report of skipped lines: in the log once, and as a metric.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use hello_exporter::{Collector, CounterVec};
use tracing::warn;

use super::{File, Invalid};

/// The lines that all collectors have skipped.
pub(crate) static SKIPPED: LazyLock<Arc<SkippedLines>> = LazyLock::new(Arc::default);

#[derive(Collector)]
#[collector(namespace = "node", subsystem = "scrape")]
pub(crate) struct SkippedLines {
    /// Lines that were skipped because they are invalid, by file.
    #[metric(labels = ["file"], max_series = 1000)]
    skipped_lines_total: CounterVec<1>,

    /// The lines that were logged, by file. A file is removed once all of its lines are valid.
    #[metric(skip)]
    logged: Mutex<HashMap<PathBuf, BTreeSet<usize>>>,
}

impl Default for SkippedLines {
    fn default() -> Self {
        Self::new(Mutex::default())
    }
}

impl SkippedLines {
    /// The most lines of a file that are logged while it has invalid lines; more are only counted.
    const LOGGED: usize = 10;

    /// Counts and logs the lines of `file` that one read skipped.
    fn report(&self, file: &File, skipped: Vec<(usize, Invalid)>) {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if skipped.is_empty() {
            logged.remove(file.path());
            return;
        }
        let path = file.path().display();
        self.skipped_lines_total.with([path.to_string()]).inc_by(skipped.len() as u64);
        let logged = logged.entry(file.path().to_owned()).or_default();
        for (line, error) in skipped {
            if logged.len() < Self::LOGGED && logged.insert(line) {
                warn!(file = %path, line, %error, "Skipping an invalid line");
            }
        }
    }
}

/// The lines that one read of a file skips. They are reported when this is dropped.
pub(crate) struct Skipped<'f> {
    file: &'f File,
    lines: RefCell<Vec<(usize, Invalid)>>,
}

impl<'f> Skipped<'f> {
    pub(crate) fn of(file: &'f File) -> Self {
        Self { file, lines: RefCell::default() }
    }

    pub(crate) fn add(&self, line: usize, why: Invalid) {
        self.lines.borrow_mut().push((line, why));
    }

    #[cfg(test)]
    pub(super) fn lines(&self) -> Vec<(usize, Invalid)> {
        self.lines.borrow().clone()
    }
}

impl Drop for Skipped<'_> {
    fn drop(&mut self) {
        SKIPPED.report(self.file, mem::take(self.lines.get_mut()));
    }
}
