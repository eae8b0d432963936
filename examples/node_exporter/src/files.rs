//! Reads the files of the collectors, such as those below `/proc` and `/sys`.

mod lines;
mod skipped;
#[cfg(test)]
pub(crate) mod tests;
mod texts;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Once;

use rustix::io::Errno;
use tracing::info;

pub(crate) use lines::{
    Invalid, Line, Lines, decimal, name, named, number, numbers, signed, widest, words,
};
pub(crate) use skipped::{SKIPPED, Skipped};
pub(crate) use texts::Texts;

/// A file or a directory, which may be missing.
#[derive(Clone, Debug)]
pub(crate) struct File(PathBuf);

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
pub(crate) struct FileError {
    path: PathBuf,
    source: io::Error,
}

/// The result of reading a file.
pub(crate) type Result<T, E = FileError> = std::result::Result<T, E>;

impl From<OsString> for File {
    fn from(path: OsString) -> Self {
        Self(path.into())
    }
}

impl File {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, path: &str) -> Self {
        Self(self.0.join(path))
    }

    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        fs::read(&self.0).map_err(|source| FileError { path: self.0.clone(), source })
    }

    /// Reads the file's lines. Bytes that are not UTF-8, for example in the name of a device,
    /// become U+FFFD, because label values are UTF-8.
    pub(crate) fn lines(&self) -> Result<Lines<'_>> {
        Ok(Lines::new(self, lossy(self.bytes()?)))
    }

    /// Reads the file's lines; `None` if the kernel lacks the feature that the file belongs to.
    pub(crate) fn lines_if_present(&self) -> Result<Option<Lines<'_>>> {
        match self.lines() {
            Err(error) if error.is_absence() => Ok(None),
            lines => lines.map(Some),
        }
    }

    /// Returns the result of `read` for the file's only line; `None` if the file cannot be read, or
    /// has no line that `read` accepts.
    pub(crate) fn only_line<T>(&self, read: impl Fn(&str) -> Result<T, Invalid>) -> Option<T> {
        self.lines().ok()?.read(read).into_iter().next()
    }

    /// Returns `true` if the file contains 1, and `false` if it contains 0; `None` as for
    /// [`only_line`](Self::only_line).
    pub(crate) fn flag(&self) -> Option<bool> {
        self.only_line(|line| match line.trim() {
            "0" => Ok(false),
            "1" => Ok(true),
            word => Err(Invalid::word(word, "0 or 1")),
        })
    }

    /// Returns the only number in the file; `None` as for [`only_line`](Self::only_line).
    pub(crate) fn number<N: FromStr>(&self) -> Option<N> {
        self.only_line(|line| {
            let [word] = words(line, "a number")?;
            number(word)
        })
    }

    /// Returns the directory entries whose names are `prefix` followed by a number, sorted by that
    /// number.
    pub(crate) fn numbered(&self, prefix: &str) -> Vec<(u32, Self)> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let numbered = entries.filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, Self(entry.path())))
        });
        let mut numbered: Vec<(u32, Self)> = numbered.collect();
        numbered.sort_unstable_by_key(|(number, _)| *number);
        numbered
    }
}

impl FileError {
    pub(crate) fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// Returns whether the kernel lacks the feature, or was booted without it.
    pub(crate) fn is_absence(&self) -> bool {
        let is_disabled = Errno::from_io_error(&self.source) == Some(Errno::OPNOTSUPP);
        self.is_not_found() || is_disabled
    }
}

/// Reports once, at level info, that this system lacks a feature. A collector does not fail without
/// the feature, and exposes nothing about it.
pub(crate) struct Absence(Once);

impl Absence {
    pub(crate) const fn new() -> Self {
        Self(Once::new())
    }

    /// Logs `consequence`, with the path of the missing `file`, the first time it is called.
    pub(crate) fn report(&self, file: &File, consequence: &'static str) {
        self.0.call_once(|| info!(file = %file.0.display(), "{consequence}"));
    }
}

pub(crate) fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
