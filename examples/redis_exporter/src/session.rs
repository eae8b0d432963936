//! A session with a server.

use std::io::ErrorKind;

use hello_exporter::client::{Credentials, LimitedReader, Stream};
use tokio::io::{AsyncWriteExt, BufReader, ReadHalf, WriteHalf, split};

use crate::error::{Error, code};
use crate::info::InfoText;
use crate::resp::{Commands, ReadError, Replies, Reply};

/// The limits of what is read from a server, whether it is kept or dropped.
const MOST_BYTES: usize = 1 << 24;
const MOST_LINES: usize = 1 << 20;

type Reader = BufReader<LimitedReader<ReadHalf<Box<dyn Stream>>>>;

/// A connection to a server.
pub(crate) struct Session {
    replies: Replies<Reader>,
    writer: WriteHalf<Box<dyn Stream>>,
}

impl Session {
    pub(crate) fn new(connection: Box<dyn Stream>) -> Self {
        let (reader, writer) = split(connection);
        let reader = BufReader::new(LimitedReader::new(reader, MOST_BYTES, MOST_LINES));
        Self { replies: Replies::new(reader), writer }
    }

    /// Sends AUTH, CLIENT SETNAME and INFO together, and returns the text of INFO.
    pub(crate) async fn info(
        &mut self,
        credentials: Option<&Credentials>,
        is_named: bool,
    ) -> Result<InfoText, Error> {
        let mut commands = Commands::default();
        if let Some(credentials) = credentials {
            let words = credentials.user().into_iter().chain(credentials.password());
            commands.add(&["AUTH"].into_iter().chain(words).collect::<Vec<_>>());
        }
        if is_named {
            commands.add(&["CLIENT", "SETNAME", "redis_exporter"]);
        }
        commands.add(&["INFO", "ALL"]);
        self.send(&commands).await;
        let refusal = self.greeting(credentials.is_some(), is_named).await?;
        match (self.info_text().await, refusal) {
            (Ok(Ok(text)), _) => Ok(text),
            (Ok(Err(reply)), _) => self.info_again(reply).await,
            (Err(ReadError::Io(_)), Some(refusal)) => Err(Error::Closed(code(&refusal))),
            (Err(error), _) => Err(error.into()),
        }
    }

    /// Reads the replies to the commands before INFO. Returns the error reply to CLIENT SETNAME, if
    /// any: INFO may succeed without it.
    async fn greeting(
        &mut self,
        has_credentials: bool,
        is_named: bool,
    ) -> Result<Option<String>, Error> {
        if has_credentials {
            match self.replies.reply().await? {
                Reply::Text(text) if text == b"OK" => {}
                Reply::Error(error) => return Err(Error::of_auth(&error)),
                _ => return Err(Error::WrongCredentials),
            }
        }
        if !is_named {
            return Ok(None);
        }
        match self.replies.reply().await? {
            Reply::Error(error) => Error::of_connection(&error).map_or(Ok(Some(error)), Err),
            _ => Ok(None),
        }
    }

    /// Reads the reply to INFO. Returns its text if that is the INFO of a server. Otherwise returns
    /// the reply if it is not a bulk string, e.g. an error; an empty `Text` if the bulk string has
    /// no lines of INFO; `Nil` if it has lines, but not those of a server.
    async fn info_text(&mut self) -> Result<Result<InfoText, Reply>, ReadError> {
        let mut text = InfoText::default();
        let other = match self.replies.info(&mut text).await {
            Err(ReadError::Io(error)) if error.kind() == ErrorKind::QuotaExceeded => {
                text.cut();
                None
            }
            read => read?,
        };
        Ok(match other {
            Some(reply) => Err(reply),
            None if text.is_of_server() => Ok(text),
            None if text.is_empty() => Err(Reply::Text(Vec::new())),
            None => Err(Reply::Nil),
        })
    }

    /// Runs INFO without a section, if the server does not know the section ALL.
    async fn info_again(&mut self, refusal: Reply) -> Result<InfoText, Error> {
        let (error, is_unknown) = match refusal {
            Reply::Error(error) => (Error::of_info(&error), error.starts_with("ERR ")),
            Reply::Text(text) => (Error::NotRedis, text.is_empty()),
            _ => (Error::NotRedis, false),
        };
        if !is_unknown || error.is_of_connection() {
            return Err(error);
        }
        let mut commands = Commands::default();
        commands.add(&["INFO"]);
        self.send(&commands).await;
        match self.info_text().await {
            Ok(Ok(text)) => Ok(text),
            _ => Err(error),
        }
    }

    /// Runs the commands after INFO, and adds each reply to `replies` as it arrives.
    pub(crate) async fn run(
        &mut self,
        commands: &Commands,
        replies: &mut Vec<Reply>,
    ) -> Result<(), Error> {
        self.send(commands).await;
        for _ in 0..commands.number() {
            replies.push(self.replies.reply().await?);
        }
        Ok(())
    }

    /// Returns how many elements of replies other than INFO were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.replies.dropped()
    }

    /// Sends commands. Ignores errors: the server may have sent the reason before, and reading the
    /// replies finds it.
    async fn send(&mut self, commands: &Commands) {
        let sent = self.writer.write_all(commands.bytes()).await;
        if sent.is_ok() {
            _ = self.writer.flush().await;
        }
    }
}
