//! The error of a configuration file.

use std::io;
use std::path::{Path, PathBuf};

/// A configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read configuration file {}: {error}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
    /// A part of the file is invalid.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Syntax { path: PathBuf, line: u64, column: u64, message: String },
    /// The file as a whole cannot be used.
    #[error("{}: {message}", path.display())]
    Invalid { path: PathBuf, message: String },
    /// There is no file, and the default configuration cannot be used.
    #[error("{message}")]
    Default { message: String },
    /// The exporter requires a file, but has no name for it.
    #[error("no configuration file, expected `--config.file=FILE`")]
    NoFile,
}

impl ConfigError {
    /// Returns the error for the contents of `path`, or for the default configuration.
    pub(super) fn invalid(path: Option<&Path>, message: String) -> Self {
        match path {
            Some(path) => Self::Invalid { path: path.to_owned(), message },
            None => Self::Default { message },
        }
    }
}
