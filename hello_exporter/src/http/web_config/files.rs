//! The files that a configuration was made from, and whether they are still the same.

use std::io;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

/// What has been read so far.
///
/// Contents are compared, by their digest, rather than times and sizes: a file that was replaced within
/// the resolution of the clock, or restored with its old time, is noticed as well.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ReadFiles(Vec<ReadFile>);

#[derive(Debug, PartialEq, Eq)]
struct ReadFile {
    path: PathBuf,
    /// Nothing for a file that cannot be read.
    digest: Option<[u8; 32]>,
}

impl ReadFiles {
    /// Reads a file and remembers what it contained.
    pub(super) fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let contents = std::fs::read(path);
        let digest = contents.as_ref().ok().and_then(|contents| digest_of(contents));
        self.0.push(ReadFile { path: path.to_owned(), digest });
        contents
    }

    /// The same files as they are now.
    pub(super) fn now(&self) -> Self {
        let mut now = Self::default();
        for file in &self.0 {
            let _ = now.read(&file.path);
        }
        now
    }
}

fn digest_of(contents: &[u8]) -> Option<[u8; 32]> {
    digest(&SHA256, contents).as_ref().try_into().ok()
}
