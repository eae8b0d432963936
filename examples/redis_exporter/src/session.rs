//! One conversation with a server.

use std::io::ErrorKind;

use hello_exporter::client::{Credentials, LimitedReader, Stream};
use tokio::io::{AsyncWriteExt, BufReader, ReadHalf, WriteHalf, split};

use crate::error::{Error, code};
use crate::info::InfoText;
use crate::resp::{Commands, ReadError, Replies, Reply};

/// The most that is read of a server, whether it is kept or dropped.
const MOST_BYTES: usize = 1 << 24;
const MOST_LINES: usize = 1 << 20;

type Reader = BufReader<LimitedReader<ReadHalf<Box<dyn Stream>>>>;

/// A connection on which a server is asked.
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

    /// Logs in, says who asks, and asks for INFO, all at once.
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

    /// Reads the replies to what precedes INFO. Returns the error of one that INFO does not need.
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

    /// Reads INFO, or a reply that is not.
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

    /// Asks for INFO without a section, if the server does not know the one that stands for all.
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

    /// Asks what follows INFO, and adds the replies one after the other as they come.
    pub(crate) async fn ask(
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

    /// Sends commands. That a server takes no more is noticed when its reply is missing: it may
    /// have said why before.
    async fn send(&mut self, commands: &Commands) {
        let sent = self.writer.write_all(commands.bytes()).await;
        if sent.is_ok() {
            _ = self.writer.flush().await;
        }
    }
}
