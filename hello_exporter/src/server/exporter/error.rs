//! Errors that keep an exporter from starting, or stop it.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::registry::{RegisterError, TextfileError};
use crate::server::cli::{ListenAddress, ParseAddressError, ParsePathError};
use crate::server::http::WebConfigError;

/// Why an exporter could not start, or why it stopped.
///
/// A `main` that returns it in a `Result` prints its message, not its fields.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ExporterError {
    /// The flags are invalid.
    #[error(transparent)]
    Flags(clap::Error),
    /// [`Exporter::run`](crate::Exporter::run) was called within a runtime.
    #[error(
        "`run` starts a runtime of its own and cannot be called in another; await `serve` there"
    )]
    NestedRuntime,
    /// The declaration of the exporter has mistakes.
    #[error("{}", lines(.0))]
    Declaration(Vec<DeclarationError>),
    /// The exporter cannot listen on an address.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address as it was given.
        address: ListenAddress,
        /// The reason.
        #[source]
        error: io::Error,
    },
    /// `--web.systemd-socket` is given, but systemd passed no socket.
    #[error(
        "--web.systemd-socket: systemd has passed no socket: LISTEN_PID and LISTEN_FDS are those of another \
         process, or not set"
    )]
    NoSocket,
    /// Systemd has passed a socket that is neither a TCP nor a Unix stream socket.
    #[error("--web.systemd-socket: {0}")]
    Socket(#[source] io::Error),
    /// The threads for sources or probes could not be started.
    #[error("cannot start the threads for sources or probes: {0}")]
    Runtime(#[source] io::Error),
    /// The web configuration file cannot be used.
    #[error(transparent)]
    WebConfig(#[from] WebConfigError),
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Print(#[source] io::Error),
    /// `--describe.diff` names a file that cannot be read, or that contains no schema.
    #[error("--describe.diff: cannot read `{}`: {error}", file.display())]
    #[non_exhaustive]
    OldSchema {
        /// The file.
        file: PathBuf,
        /// The reason.
        #[source]
        error: Box<dyn Error + Send + Sync>,
    },
    /// The changes that `--describe.diff` has printed break queries.
    #[error("breaking changes: {count}, see standard output")]
    #[non_exhaustive]
    Breaking {
        /// The number of changes that break queries.
        count: usize,
    },
    /// `--check-rules` names a file that cannot be read.
    #[cfg(feature = "check-rules")]
    #[error("--check-rules: {0}")]
    RuleFile(#[from] crate::schema::RuleFileError),
    /// `--check-rules` has printed mistakes.
    #[cfg(feature = "check-rules")]
    #[error("mistakes in rules or dashboards: {count}, see standard output")]
    #[non_exhaustive]
    Findings {
        /// The number of mistakes.
        count: usize,
    },
    /// The file of `--once` cannot be written.
    #[error("--once: {0}{hint}", hint = instead_of_file(.0))]
    Textfile(#[source] TextfileError),
    /// A collector has failed during `--once`. The metrics of the others are printed or written.
    #[error("a collector has failed: its metrics are missing")]
    Incomplete,
    /// The server failed.
    #[error("the server failed: {0}")]
    Serve(#[source] io::Error),
    /// A second signal ended the exporter before all requests were answered.
    #[error("stopped by a second signal, {signal}, before all requests were answered")]
    #[non_exhaustive]
    Interrupted {
        /// The name of the signal.
        signal: &'static str,
        /// The number of the signal.
        number: u8,
    },
}

/// Returns the end of the message for a file of `--once` that is refused, such as `/dev/stdout`.
fn instead_of_file(error: &TextfileError) -> &'static str {
    match error {
        TextfileError::NotRegular { .. } | TextfileError::SymbolicLink { .. } => {
            "; without a file, --once prints to standard output"
        }
        TextfileError::Write { .. } => "",
    }
}

impl ExporterError {
    /// Returns the exit status of a program that ends with this error. See
    /// [`Exporter::run`](crate::Exporter::run).
    ///
    /// ```no_run
    /// use hello_exporter::Exporter;
    /// use std::process::ExitCode;
    ///
    /// #[tokio::main]
    /// async fn main() -> ExitCode {
    ///     match Exporter::new("my_exporter").serve().await {
    ///         Ok(()) => ExitCode::SUCCESS,
    ///         Err(error) => {
    ///             eprintln!("{error}");
    ///             ExitCode::from(error.exit_status())
    ///         }
    ///     }
    /// }
    /// ```
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Flags(error) => u8::try_from(error.exit_code()).unwrap_or(2),
            Self::Interrupted { number, .. } => 128 + number,
            _ => 1,
        }
    }

    /// Returns one message for each mistake. A message may contain line feeds.
    pub(super) fn messages(&self) -> Vec<String> {
        match self {
            Self::Declaration(errors) => errors.iter().map(ToString::to_string).collect(),
            other => vec![other.to_string()],
        }
    }
}

impl fmt::Debug for ExporterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

fn lines(errors: &[DeclarationError]) -> String {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// A mistake in the declaration of an [`Exporter`](crate::Exporter).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeclarationError {
    /// A collector or a source could not be registered.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// [`Exporter::listen_address`](crate::Exporter::listen_address) got an invalid address.
    #[error("`listen_address` of the exporter: {0}")]
    ListenAddress(#[source] ParseAddressError),
    /// [`Exporter::env_prefix`](crate::Exporter::env_prefix) got a prefix that is no name of a
    /// variable.
    #[error(
        "`env_prefix` of the exporter: invalid prefix {prefix:?}, expected upper-case letters, \
         digits and `_`, e.g. `SHOP_EXPORTER`"
    )]
    #[non_exhaustive]
    EnvPrefix {
        /// The prefix.
        prefix: String,
    },
    /// Two flags would have the same environment variable.
    #[error("the flag `--{flag}` has the environment variable `{variable}` of another flag")]
    #[non_exhaustive]
    EnvTwice {
        /// The variable.
        variable: String,
        /// The second flag.
        flag: String,
    },
    /// A source has a name that no flag can have.
    #[error(
        "source {name:?}: expected a name of letters, digits, `_` and `-`, and not `disable-defaults`"
    )]
    SourceName {
        /// The name.
        name: Cow<'static, str>,
    },
    /// Two sources have the same name.
    #[error("source `{name}` is declared twice")]
    SourceTwice {
        /// The name.
        name: Cow<'static, str>,
    },
    /// No function receives the [state](crate::Exporter::state).
    #[error(
        "nothing uses the state: expected a `source_with`, `probe_with` or `register_with` after `state` \
         or `with_config`"
    )]
    UnusedState,
    /// The function that makes the [state](crate::Exporter::state) has failed.
    #[error("cannot start: {error}")]
    State {
        /// The error, with its causes, or the panic.
        error: String,
    },
    /// One or more functions that make collectors, sources, probes or their options have failed,
    /// all with the same error.
    #[error("{} cannot be made: {error}", listed(.parts))]
    CannotMake {
        /// The failed parts: "source `NAME`", "probe at `PATH`" or "a collector".
        parts: Vec<String>,
        /// The error, with its causes, or the panic.
        error: String,
    },
    /// A probe has a path that cannot be served.
    #[error("probe at {path:?}: {error}")]
    ProbePath {
        /// The path.
        path: Cow<'static, str>,
        /// Why the path is invalid.
        #[source]
        error: ParsePathError,
    },
    /// Something else is served at the path of a probe.
    #[error("probe at `{path}`: something else is served at this path")]
    ProbePathTaken {
        /// The path.
        path: Cow<'static, str>,
    },
    /// The metrics of a probe could not be registered.
    #[error("probe at `{path}`: {error}")]
    Probe {
        /// The path.
        path: Cow<'static, str>,
        /// Why the metrics cannot be registered.
        #[source]
        error: RegisterError,
    },
}

impl DeclarationError {
    /// Merges the `CannotMake` errors with the same text, so that one bad file is reported once,
    /// however many functions read it.
    pub(super) fn merged(errors: Vec<Self>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::with_capacity(errors.len());
        for error in errors {
            match merged.iter_mut().find_map(|earlier| earlier.parts_if_same_error(&error)) {
                Some(parts) => parts.extend(error.into_parts()),
                None => merged.push(error),
            }
        }
        merged
    }

    fn parts_if_same_error(&mut self, other: &Self) -> Option<&mut Vec<String>> {
        match (self, other) {
            (Self::CannotMake { parts, error }, Self::CannotMake { error: other, .. })
                if error == other =>
            {
                Some(parts)
            }
            _ => None,
        }
    }

    fn into_parts(self) -> Vec<String> {
        match self {
            Self::CannotMake { parts, .. } => parts,
            _ => Vec::new(),
        }
    }
}

/// Joins the parts: `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cannot_make(part: &str, error: &str) -> DeclarationError {
        DeclarationError::CannotMake { parts: vec![part.to_owned()], error: error.to_owned() }
    }

    #[test]
    fn same_error_is_reported_once() {
        let errors = vec![
            cannot_make("source `a`", "cannot read /x"),
            DeclarationError::SourceTwice { name: "a".into() },
            cannot_make("source `b`", "cannot read /y"),
            cannot_make("source `c`", "cannot read /x"),
            cannot_make("probe at `/p`", "cannot read /x"),
        ];
        let error = ExporterError::Declaration(DeclarationError::merged(errors));
        assert_eq!(
            error.messages(),
            [
                "source `a`, source `c` and probe at `/p` cannot be made: cannot read /x",
                "source `a` is declared twice",
                "source `b` cannot be made: cannot read /y",
            ]
        );
    }
}
