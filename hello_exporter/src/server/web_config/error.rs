//! The error of a web configuration file.

use std::io;
use std::path::PathBuf;

/// A web configuration file cannot be used.
///
/// Messages name the file, and quote nothing that could be a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebConfigError {
    /// The file cannot be read.
    #[error("cannot read web configuration file {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        error: io::Error,
    },
    /// A part of the file is invalid.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// The mistake, and what would be accepted instead.
        message: String,
    },
    /// The file as a whole cannot be used: it is not UTF-8, its keys contradict each other, a file
    /// that it names is invalid, or it cannot replace the current configuration.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The mistake, and what would be accepted.
        message: String,
    },
    /// The thread that watches the file cannot be started.
    #[error("cannot watch web configuration file {}: {error}", path.display())]
    Watch {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        error: io::Error,
    },
}
