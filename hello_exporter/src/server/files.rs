//! Detects changes of the files from which a configuration was loaded.

mod watch;

use std::fs::{self, File};
use std::io::{self, Read};
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

    /// Reads a file, and records the digest of its contents; see [`read`].
    pub(crate) fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let contents = read(path);
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

/// Reads a file of up to 16 MiB. Refuses pipes and devices, which can block for ever or have no
/// end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    const MOST_BYTES: u64 = 16 << 20;

    let refuse = |message| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    let kind = fs::metadata(path)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return refuse("not a regular file");
    }
    let mut contents = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut contents)?;
    if contents.len() as u64 > MOST_BYTES { refuse("larger than 16 MiB") } else { Ok(contents) }
}

fn digest_of(contents: &[u8]) -> Option<[u8; 32]> {
    digest(&SHA256, contents).as_ref().try_into().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn endless_and_huge_files_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let message = |path: &Path| ReadFiles::default().read(path).unwrap_err().to_string();
        File::create(&path).unwrap().set_len((16 << 20) + 1).unwrap();
        assert_eq!(message(&path), "larger than 16 MiB");
        File::create(&path).unwrap().set_len(16 << 20).unwrap();
        assert_eq!(ReadFiles::default().read(&path).unwrap().len(), 16 << 20);
        if cfg!(unix) {
            assert_eq!(message("/dev/zero".as_ref()), "not a regular file");
        }
    }
}
