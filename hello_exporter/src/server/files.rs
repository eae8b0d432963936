//! The files that a configuration was made from, and whether they have changed.

use std::io;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

/// The files that were read, with what they contained.
///
/// Contents are compared, by their digest, rather than times and sizes: a file that was replaced within
/// the resolution of the clock, or restored with its old time, is noticed as well.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadFiles(Vec<ReadFile>);

#[derive(Debug, PartialEq, Eq)]
struct ReadFile {
    path: PathBuf,
    /// `None` for a file that cannot be read.
    digest: Option<[u8; 32]>,
}

impl ReadFiles {
    /// Reads a file and remembers the digest of its contents.
    pub(crate) fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let contents = std::fs::read(path);
        let digest = contents.as_ref().ok().and_then(|contents| digest_of(contents));
        self.0.push(ReadFile { path: path.to_owned(), digest });
        contents
    }

    /// Returns the same files as they are now.
    pub(crate) fn now(&self) -> Self {
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
