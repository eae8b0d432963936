//! What can be wrong with the file.

use std::io;
use std::path::PathBuf;

/// Why a web configuration file cannot be used.
///
/// Messages name the file, and never repeat what could be a secret in it.
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
    /// A place in the file that nobody understands.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// What is wrong there, and what would be accepted.
        message: String,
    },
    /// Keys that do not go together, or a file that the configuration names.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would be accepted.
        message: String,
    },
    /// There is no thread to watch the file with.
    #[error("cannot watch web configuration file {}: {error}", path.display())]
    Watch {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        error: io::Error,
    },
}
