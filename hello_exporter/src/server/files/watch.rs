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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::fs;
    use std::path::Path;

    use super::*;

    fn load(path: &Path) -> impl Fn(&mut ReadFiles) -> Option<String> {
        move |files| String::from_utf8(files.read(path).ok()?).ok()
    }

    #[test]
    fn file_is_not_used_while_it_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = &directory.path().join("file");
        fs::write(path, "1").unwrap();
        let (files, _) = ReadFiles::record(load(path));
        let mut watch = Watch::new(files);
        for contents in ["5", "50", "500"] {
            fs::write(path, contents).unwrap();
            assert_eq!(watch.check(load(path)), None);
        }
        assert_eq!(watch.check(load(path)), Some(Some("500".to_owned())));
        assert_eq!(watch.check(load(path)), None);
    }

    #[test]
    fn reload_takes_the_place_of_a_pending_change() {
        let directory = tempfile::tempdir().unwrap();
        let path = &directory.path().join("file");
        fs::write(path, "1").unwrap();
        let (files, _) = ReadFiles::record(load(path));
        let mut watch = Watch::new(files);
        fs::write(path, "2").unwrap();
        assert_eq!(watch.check(load(path)), None);
        assert_eq!(watch.reload(load(path)), Some("2".to_owned()));
        assert_eq!(watch.check(load(path)), None);
        fs::remove_file(path).unwrap();
        assert_eq!(watch.reload(load(path)), None);
    }
}
