//! Why an exporter does not start, or stops.

use std::borrow::Cow;
use std::io;

use crate::cli::{ListenAddress, ParseAddressError, ParsePathError};
use crate::http::WebConfigError;
use crate::registry::RegisterError;

/// Why an exporter could not start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExporterError {
    /// What the program declares is not sound.
    #[error("{}", lines(.0))]
    Declaration(Vec<DeclarationError>),
    /// An address that cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address as it was given.
        address: ListenAddress,
        /// The reason.
        #[source]
        error: io::Error,
    },
    /// `--web.systemd-socket` is given, and there is no socket.
    #[error(
        "--web.systemd-socket: systemd has passed no socket: LISTEN_PID and LISTEN_FDS are those of another \
         process, or not set"
    )]
    NoSocket,
    /// Systemd has passed a socket that is neither TCP nor a Unix stream socket.
    #[error("--web.systemd-socket: {0}")]
    Socket(#[source] io::Error),
    /// The threads on which sources run could not be started.
    #[error("cannot start the runtime of the sources: {0}")]
    Runtime(#[source] io::Error),
    /// The web configuration file cannot be used.
    #[error(transparent)]
    WebConfig(#[from] WebConfigError),
    /// The server failed.
    #[error("the server failed: {0}")]
    Serve(#[source] io::Error),
}

fn lines(errors: &[DeclarationError]) -> String {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// What is wrong with what an [`Exporter`](crate::Exporter) was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeclarationError {
    /// A collector or a source was refused.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// What [`Exporter::listen_address`](crate::Exporter::listen_address) was given is no address.
    #[error("`listen_address` of the exporter: {0}")]
    ListenAddress(#[source] ParseAddressError),
    /// A source has a name that no flag can have.
    #[error(
        "source {name:?}: expected a name of letters, digits, `_` and `-`, and not `disable-defaults`"
    )]
    SourceName {
        /// The name.
        name: Cow<'static, str>,
    },
    /// Two sources have one name.
    #[error("source `{name}` is there twice")]
    SourceTwice {
        /// The name.
        name: Cow<'static, str>,
    },
    /// The function that makes a source has failed.
    #[error("source `{name}` cannot be made: {error}")]
    MakeSource {
        /// The name of the source.
        name: Cow<'static, str>,
        /// What the function says, with its causes.
        error: String,
    },
    /// A probe has a path that cannot be served.
    #[error("probe at {path:?}: {error}")]
    ProbePath {
        /// The path.
        path: Cow<'static, str>,
        /// The rule.
        #[source]
        error: ParsePathError,
    },
    /// Something else is served at the path of a probe.
    #[error("probe at `{path}`: something else is served at this path")]
    ProbePathTaken {
        /// The path.
        path: Cow<'static, str>,
    },
    /// The metrics of a probe were refused.
    #[error("probe at `{path}`: {error}")]
    Probe {
        /// The path.
        path: Cow<'static, str>,
        /// The rule.
        #[source]
        error: RegisterError,
    },
    /// The function that makes a probe has failed.
    #[error("probe at `{path}` cannot be made: {error}")]
    MakeProbe {
        /// The path of the probe.
        path: Cow<'static, str>,
        /// What the function says, with its causes.
        error: String,
    },
}
