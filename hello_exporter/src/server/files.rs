//! Detects changes of the files from which a configuration was loaded.

mod watch;

use std::io;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

pub(crate) use watch::Watch;

/// The files that were read, with the digests of their contents.
///
/// Digests are compared rather than times and sizes, so that a change is detected even if the file
/// was replaced within the resolution of the clock, or restored with its old time.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadFiles(Vec<ReadFile>);

#[derive(Debug, PartialEq, Eq)]
struct ReadFile {
    path: PathBuf,
    /// `None` for a file that cannot be read.
    digest: Option<[u8; 32]>,
}

impl ReadFiles {
    /// Calls `load`, and returns the files that it has read, together with its result.
    pub(crate) fn record<T>(load: impl FnOnce(&mut Self) -> T) -> (Self, T) {
        let mut files = Self::default();
        let loaded = load(&mut files);
        (files, loaded)
    }

    /// Reads a file, and records the digest of its contents.
    pub(crate) fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let contents = std::fs::read(path);
        let digest = contents.as_ref().ok().and_then(|contents| digest_of(contents));
        self.0.push(ReadFile { path: path.to_owned(), digest });
        contents
    }

    /// Reads the files again, and returns whether one of them differs.
    pub(crate) fn have_changed(&self) -> bool {
        let mut now = Self::default();
        self.0.iter().for_each(|file| _ = now.read(&file.path));
        now != *self
    }
}

fn digest_of(contents: &[u8]) -> Option<[u8; 32]> {
    digest(&SHA256, contents).as_ref().try_into().ok()
}
