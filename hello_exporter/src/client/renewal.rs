//! TLS configurations that follow their files.

use std::io;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tracing::{error, info};

use super::tls::{ClientTls, ClientTlsError, Configs};
use crate::causes::chain;
use crate::files::ReadFiles;

/// The configurations of a [`ClientTls`]. All clones share them.
#[derive(Clone)]
pub(super) struct Renewal(Arc<Mutex<Followed>>);

struct Followed {
    tls: ClientTls,
    /// What was read for what is in force, or for what could not be used.
    files: ReadFiles,
    configs: Configs,
}

impl Renewal {
    /// Reads the files.
    pub(super) fn new(tls: ClientTls) -> Result<Self, ClientTlsError> {
        let mut files = ReadFiles::default();
        let configs = tls.configs(&mut files)?;
        Ok(Self(Arc::new(Mutex::new(Followed { tls, files, configs }))))
    }

    /// Returns the configurations that the files make now.
    ///
    /// The files are read on a blocking thread, by one connection at a time: a file system that
    /// does not answer holds one thread, however many connections wait for it. Reading and hashing
    /// what a certificate needs takes a small part of the time of a handshake.
    pub(super) async fn current(&self) -> io::Result<Configs> {
        let mut followed = Arc::clone(&self.0).lock_owned().await;
        spawn_blocking(move || followed.current()).await.map_err(io::Error::other)
    }
}

impl Followed {
    fn current(&mut self) -> Configs {
        if self.files.now() != self.files {
            self.read_again();
        }
        self.configs.clone()
    }

    /// Takes changed files up, or logs why they cannot be used, once before they change again.
    fn read_again(&mut self) {
        let mut files = ReadFiles::default();
        match self.tls.configs(&mut files) {
            Ok(configs) => {
                info!("The TLS files of the client were read again");
                self.configs = configs;
            }
            Err(error) => error!(
                error = chain(&error),
                "The new TLS files of the client cannot be used, those before stay in force"
            ),
        }
        self.files = files;
    }
}
