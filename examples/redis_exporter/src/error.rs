//! What can go wrong. No message has a password in it, nor a URL or a reply, in which one can be.

use std::io;
use std::time::Duration;

use hello_exporter::FieldsError;
use hello_exporter::client::{ClientTlsError, LoginError};
use redis::{RedisError, ServerError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Flag(&'static str, #[source] LoginError),
    #[error("--redis.user and --redis.password need a --redis.addr, whose server they are for")]
    NoAddress,
    #[error("--connection-timeout is nothing, in which no server answers")]
    NoTime,
    #[error(transparent)]
    Tls(#[from] ClientTlsError),
    #[error("cannot connect")]
    Connect(#[from] io::Error),
    #[error("the user or the password is wrong")]
    Login,
    #[error("the connection was lost")]
    Lost(#[source] RedisError),
    #[error("no answer within {0:?}")]
    Late(Duration),
    #[error("INFO was refused with {0}")]
    Refused(&'static str),
    #[error("INFO was not answered as Redis does")]
    NotRedis,
    #[error("cannot read the answer to INFO")]
    Unreadable(#[from] FieldsError),
}

/// What else a server says can be what it was sent, a password among it.
const CODES: [&str; 7] = ["BUSY", "DENIED", "ERR", "LOADING", "MASTERDOWN", "NOAUTH", "NOPERM"];

impl From<ServerError> for Error {
    fn from(error: ServerError) -> Self {
        let code = CODES.into_iter().find(|code| *code == error.code());
        Self::Refused(code.unwrap_or("an error that is not known"))
    }
}

impl From<RedisError> for Error {
    fn from(error: RedisError) -> Self {
        if error.is_io_error() { Self::Lost(error) } else { Self::NotRedis }
    }
}
