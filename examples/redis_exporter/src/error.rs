//! Errors. No message contains a password, nor a URL or a reply, which could contain one.

use std::io::{self, ErrorKind};
use std::time::Duration;

use hello_exporter::client::{ClientTlsError, CredentialsError};
use hello_exporter::key_values::KeyValuesError;

use crate::resp::ReadError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Flag(&'static str, #[source] CredentialsError),
    #[error("server {number} of `servers`")]
    ConfiguredServer {
        /// The position in the list, from 1.
        number: usize,
        #[source]
        error: CredentialsError,
    },
    #[error("{0}: a user without a password")]
    NoPassword(String),
    #[error("--redis.user and --redis.password require --redis.addr")]
    NoAddress,
    #[error("--connection-timeout is 0, expected e.g. `15s`")]
    NoTime,
    #[error(transparent)]
    Tls(#[from] ClientTlsError),
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    #[error("the server refused the connection: {0}")]
    Connection(&'static str),
    #[error("the server closed the connection after {0}")]
    Closed(&'static str),
    #[error("the user or the password is wrong")]
    WrongCredentials,
    #[error("the connection was lost")]
    Lost(#[source] io::Error),
    #[error("the replies of the server are too long")]
    TooMuch(#[source] io::Error),
    #[error("no answer within {0:?}")]
    Late(Duration),
    #[error("{command} was refused with {code}")]
    Refused { command: &'static str, code: &'static str },
    #[error("a reply is not that of a Redis server")]
    NotRedis,
    #[error("cannot read the reply to INFO")]
    Unreadable(#[from] KeyValuesError),
}

/// The error codes that are logged. Any other word of a server may repeat what it was sent, such as
/// a password.
const CODES: [&str; 18] = [
    "BUSY",
    "CLUSTERDOWN",
    "DENIED",
    "ERR",
    "EXECABORT",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "MOVED",
    "NOAUTH",
    "NOPERM",
    "NOPROTO",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "TRYAGAIN",
    "UNKILLABLE",
    "WRONGPASS",
];

/// Error replies after which a server closes the connection: how they begin, and what is logged.
const CONNECTION_ERRORS: [(&str, &str); 2] = [
    ("DENIED", "DENIED, it is in protected mode"),
    ("ERR max number of clients", "ERR max number of clients reached"),
];

/// Returns the code of an error reply, or `an unknown error` if the code is not in [`CODES`].
pub(crate) fn code(error: &str) -> &'static str {
    let code = error.split(' ').next();
    let known = CODES.into_iter().find(|known| Some(*known) == code);
    known.unwrap_or("an unknown error")
}

impl Error {
    /// Returns the error if the reply refuses the whole connection.
    pub(crate) fn of_connection(error: &str) -> Option<Self> {
        let known = CONNECTION_ERRORS.into_iter().find(|(start, _)| error.starts_with(start));
        known.map(|(_, words)| Self::Connection(words))
    }

    pub(crate) fn is_of_connection(&self) -> bool {
        matches!(self, Self::Connection(_))
    }

    /// Returns the error for an error reply to AUTH.
    pub(crate) fn of_auth(error: &str) -> Self {
        let other = || match code(error) {
            "LOADING" | "MASTERDOWN" | "BUSY" | "NOPERM" => Self::refused("AUTH", error),
            _ => Self::WrongCredentials,
        };
        Self::of_connection(error).unwrap_or_else(other)
    }

    /// Returns the error for an error reply to INFO.
    pub(crate) fn of_info(error: &str) -> Self {
        Self::of_connection(error).unwrap_or_else(|| Self::refused("INFO", error))
    }

    fn refused(command: &'static str, error: &str) -> Self {
        Self::Refused { command, code: code(error) }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) if error.kind() == ErrorKind::QuotaExceeded => {
                Self::TooMuch(error)
            }
            ReadError::Io(error) => Self::Lost(error),
            ReadError::Malformed => Self::NotRedis,
        }
    }
}
