//! Reloads the configuration while the exporter runs.

use std::io;
use std::iter;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use tracing::{error, info};

use super::declared::Replacement;
use super::{ConfigError, OpenedConfig};
use crate::server::files::Watch;
use crate::server::reload_metrics::ReloadMetrics;

/// The result of loading a version.
type Loaded = Result<Replacement, ConfigError>;

/// Requests reloads.
#[derive(Clone)]
pub(crate) struct Reloader {
    requests: Sender<Request>,
    /// One for each client that may wait for a reload.
    slots: Arc<Semaphore>,
}

/// A request for a reload. Its channel gets whether the new version is in force.
struct Request(oneshot::Sender<bool>);

impl Reloader {
    /// The most clients that wait for a reload at a time. Each holds a connection.
    const MOST_CLIENTS: usize = 8;
    const CLIENT_WAITS: Duration = Duration::from_secs(30);

    /// Reloads the configuration, and returns whether it could be used.
    pub(crate) async fn reload(&self) -> bool {
        let (reply, result) = oneshot::channel();
        // An error means that the thread is gone.
        self.requests.send(Request(reply)).is_ok() && result.await.unwrap_or(false)
    }

    /// Does the same for a client. Returns `None` if the reload takes too long, or if too many
    /// clients wait already.
    pub(crate) async fn reload_for_client(&self) -> Option<bool> {
        let _slot = self.slots.try_acquire().ok()?;
        tokio::time::timeout(Self::CLIENT_WAITS, self.reload()).await.ok()
    }
}

/// A configuration that can be reloaded.
pub(crate) struct ReloadableConfig {
    pub(crate) config: OpenedConfig,
    pub(crate) metrics: Arc<ReloadMetrics>,
    /// The runtime on which the author's functions can start tasks, if there is one.
    pub(crate) runtime: Option<Handle>,
}

impl ReloadableConfig {
    /// Starts the thread that watches the file and serves requests for reloads. A slow file system
    /// delays this thread alone. The thread ends when there is no [`Reloader`] any more.
    pub(crate) fn start(self) -> io::Result<Reloader> {
        let Self { config, metrics, runtime } = self;
        let (sender, requests) = mpsc::channel();
        let reload = move || {
            let _entered = runtime.as_ref().map(Handle::enter);
            run(config, &metrics, &requests);
        };
        thread::Builder::new().name("config".to_owned()).spawn(reload)?;
        let slots = Arc::new(Semaphore::new(Reloader::MOST_CLIENTS));
        Ok(Reloader { requests: sender, slots })
    }
}

fn run(config: OpenedConfig, metrics: &ReloadMetrics, requests: &Receiver<Request>) {
    let OpenedConfig { path, files, load, .. } = config;
    let file = path.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
    let apply = |loaded| apply(loaded, &file, metrics);
    let mut watch = Watch::new(files);
    loop {
        match requests.recv_timeout(Watch::<Loaded>::INTERVAL) {
            Ok(first) => {
                // One reload serves all requests that wait.
                let waiting: Vec<Request> = iter::once(first).chain(requests.try_iter()).collect();
                let is_in_force = apply(watch.reload(&load));
                waiting.into_iter().for_each(|Request(reply)| _ = reply.send(is_in_force));
            }
            Err(RecvTimeoutError::Timeout) => {
                watch.check(&load).map(apply);
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Puts a loaded version in force, or logs why it cannot be used. Returns whether it is in force.
fn apply(loaded: Loaded, file: &str, metrics: &ReloadMetrics) -> bool {
    match loaded {
        Ok(replace) => {
            replace();
            metrics.record(true);
            info!(file, "Reloaded the configuration");
            true
        }
        Err(error) => {
            metrics.record(false);
            error!(%error, "Cannot use the changed configuration, keeping the previous one");
            false
        }
    }
}
