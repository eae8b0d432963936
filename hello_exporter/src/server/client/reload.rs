//! TLS configurations that are reloaded when their files change.

use std::io;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tracing::{error, info};

use super::tls::{ClientTls, ClientTlsError, Configs};
use crate::server::causes::chain;
use crate::server::files::ReadFiles;

/// The configurations of a [`ClientTls`], which all clones share.
#[derive(Clone)]
pub(super) struct ReloadedConfigs(Arc<Mutex<LoadedConfigs>>);

struct LoadedConfigs {
    tls: ClientTls,
    /// The files of the last attempt to load them, whether it failed or not.
    files: ReadFiles,
    /// The configurations of the last attempt that succeeded.
    configs: Configs,
}

impl ReloadedConfigs {
    /// Reads the files for the first time.
    pub(super) fn new(tls: ClientTls) -> Result<Self, ClientTlsError> {
        let (files, configs) = ReadFiles::record(|files| tls.configs(files));
        Ok(Self(Arc::new(Mutex::new(LoadedConfigs { tls, files, configs: configs? }))))
    }

    /// Reloads the files if they have changed, and returns the configurations in force.
    ///
    /// A blocking thread reads the files, for one connection at a time: a file system that does not
    /// respond holds one thread, however many connections wait for it. Reading and hashing the
    /// files takes a small part of the time of a handshake.
    pub(super) async fn current(&self) -> io::Result<Configs> {
        let mut loaded = Arc::clone(&self.0).lock_owned().await;
        spawn_blocking(move || loaded.current()).await.map_err(io::Error::other)
    }
}

impl LoadedConfigs {
    fn current(&mut self) -> Configs {
        if self.files.have_changed() {
            self.reload();
        }
        self.configs.clone()
    }

    /// Loads the changed files. If they cannot be used, logs the reason, once for each change.
    fn reload(&mut self) {
        let (files, configs) = ReadFiles::record(|files| self.tls.configs(files));
        self.files = files;
        match configs {
            Ok(configs) => {
                info!("Reloaded the TLS files of the client");
                self.configs = configs;
            }
            Err(error) => error!(
                error = chain(&error),
                "Cannot use the changed TLS files of the client, keeping the previous ones"
            ),
        }
    }
}
