//! Files of the kernel.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::{FromStr, SplitWhitespace};

use hello_exporter::Number;
use procfs::{FromRead, ProcError};

/// A file or a directory, which may not be there.
#[derive(Clone, Debug)]
pub(crate) struct File(PathBuf);

#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    #[error("cannot understand {}", .0.display())]
    Parse(PathBuf, #[source] ProcError),
    #[error("{} has no {what}", .path.display())]
    Lacks { path: PathBuf, what: &'static str },
}

/// What reading a file comes to.
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
        fs::read(&self.0).map_err(|error| FileError::Read(self.0.clone(), error))
    }

    /// What is not UTF-8, as the name of a device may be, is taken lossily: label values are UTF-8.
    pub(crate) fn text(&self) -> Result<String> {
        Ok(lossy(self.bytes()?))
    }

    pub(crate) fn parse<T: FromRead>(&self) -> Result<T> {
        let parsed = T::from_read(self.text()?.as_bytes());
        parsed.map_err(|error| FileError::Parse(self.0.clone(), error))
    }

    /// The numbers with which the file begins.
    pub(crate) fn numbers<N: FromStr>(&self) -> Result<Vec<N>> {
        Ok(self.text()?.split_whitespace().map_while(|number| number.parse().ok()).collect())
    }

    /// The number that is all of the file.
    pub(crate) fn number<N: FromStr>(&self) -> Option<N> {
        self.text().ok()?.trim().parse().ok()
    }

    /// What of a directory is called `prefix` and a number, by these numbers.
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

    pub(crate) fn lacks(&self, what: &'static str) -> FileError {
        FileError::Lacks { path: self.0.clone(), what }
    }
}

impl FileError {
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Read(_, error) if error.kind() == io::ErrorKind::NotFound)
    }
}

pub(crate) fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Lines that begin with a name: the name, and what follows. Behind the name a `:` may stand.
pub(crate) fn named_lines(text: &str) -> impl Iterator<Item = (&str, SplitWhitespace<'_>)> {
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        Some((name.strip_suffix(':').unwrap_or(name), words))
    })
}

/// A number of the kernel. A few are signed, and counters need all 64 bits.
pub(crate) fn number(text: &str) -> Option<Number> {
    let unsigned = text.parse::<u64>().map(Number::from);
    unsigned.or_else(|_| text.parse::<i64>().map(Number::from)).ok()
}
