//! Loads changed files, once they are complete.

use std::time::Duration;

use super::ReadFiles;

/// Detects when the files of a configuration change, and loads them.
pub(crate) struct Watch<T> {
    /// The files of the configuration that was returned last, or of the start.
    files: ReadFiles,
    /// The changed files, including files that only they name, and what was loaded from them.
    candidate: Option<(ReadFiles, T)>,
}

impl<T> Watch<T> {
    /// The interval between two [checks](Self::check).
    ///
    /// A file that is being written is therefore not used, unless its writer pauses for longer.
    pub(crate) const INTERVAL: Duration = Duration::from_millis(400);

    /// Watches the files that the first configuration was loaded from.
    pub(crate) fn new(files: ReadFiles) -> Self {
        Self { files, candidate: None }
    }

    /// Returns a changed configuration once: at the first check that finds the files unchanged
    /// since the previous check, which loaded them.
    pub(crate) fn check(&mut self, load: impl FnOnce(&mut ReadFiles) -> T) -> Option<T> {
        if let Some((files, loaded)) = self.candidate.take()
            && !files.have_changed()
        {
            self.files = files;
            return Some(loaded);
        }
        if self.files.have_changed() {
            self.candidate = Some(ReadFiles::record(load));
        }
        None
    }

    /// Loads the files now, whether they have changed or not.
    pub(crate) fn reload(&mut self, load: impl FnOnce(&mut ReadFiles) -> T) -> T {
        let (files, loaded) = ReadFiles::record(load);
        *self = Self::new(files);
        loaded
    }
}
