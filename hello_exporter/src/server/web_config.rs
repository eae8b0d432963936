//! The file that `--web.config.file` names: TLS, users, headers, limits.
//!
//! `file` parses it; `value`, `crypto`, `header`, `password` and `scalar` have the types of its
//! values. `load`, `tls` and `client_certificates` turn it into settings. `guard` checks requests
//! against the settings, with `rate_limit`, `auth`, `comparison` and `bcrypt_queue`. `watch`
//! reloads changed files, `metrics` exposes whether that succeeded.

mod auth;
mod bcrypt_queue;
mod client_certificates;
mod comparison;
mod crypto;
mod error;
mod file;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod guard;
mod header;
mod load;
mod metrics;
mod password;
mod rate_limit;
mod scalar;
mod tls;
mod value;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use rustls::ServerConfig;
use tracing::warn;

use auth::Users;
use bcrypt_queue::BcryptQueue;
pub use error::WebConfigError;
pub(crate) use guard::guard;
pub(crate) use metrics::WebConfigMetrics;
use rate_limit::RateLimiter;
use tls::TlsSettings;

use crate::internals::{read, write};
use crate::server::files::ReadFiles;

/// The settings of the file, reloaded when the file changes.
pub(crate) struct WebConfig {
    path: PathBuf,
    settings: RwLock<Arc<WebSettings>>,
    bcrypt_queue: Arc<BcryptQueue>,
    metrics: Arc<WebConfigMetrics>,
}

/// The settings of one version of the file.
struct WebSettings {
    /// Whether the file has only white space and comments.
    is_blank: bool,
    tls: Option<TlsSettings>,
    is_http2: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
    users: Arc<Users>,
    rate_limiter: Option<RateLimiter>,
    /// Warnings to log about settings that are accepted.
    warnings: Vec<String>,
}

impl WebConfig {
    /// Reads the file and the files that it names, and starts to watch them.
    pub(crate) fn load(
        path: &Path,
        metrics: Arc<WebConfigMetrics>,
    ) -> Result<Arc<Self>, WebConfigError> {
        let (config, files) = Self::read_file(path, metrics)?;
        let failed = |error| WebConfigError::Watch { path: path.to_owned(), error };
        watch::start(&config, files).map_err(failed)?;
        Ok(config)
    }

    /// Reads the file and the files that it names, and returns the first error.
    pub(crate) fn check(path: &Path) -> Result<(), WebConfigError> {
        Self::read_file(path, Arc::default()).map(drop)
    }

    fn read_file(
        path: &Path,
        metrics: Arc<WebConfigMetrics>,
    ) -> Result<(Arc<Self>, ReadFiles), WebConfigError> {
        let (files, settings) = ReadFiles::record(|files| load::settings(path, files));
        let settings = RwLock::new(Arc::new(settings?));
        let (path, bcrypt_queue) = (path.to_owned(), Arc::default());
        let config = Self { path, settings, bcrypt_queue, metrics };
        config.metrics.loaded(config.settings().not_after());
        config.warn();
        Ok((Arc::new(config), files))
    }

    /// Returns the configuration of new TLS connections; `None` if connections are plain.
    pub(crate) fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.settings().tls.as_ref().map(|tls| Arc::clone(&tls.config))
    }

    /// Returns whether clients are offered HTTP/2.
    pub(crate) fn is_http2(&self) -> bool {
        let settings = self.settings();
        settings.tls.is_some() && settings.is_http2
    }

    fn settings(&self) -> Arc<WebSettings> {
        Arc::clone(&read(&self.settings))
    }

    /// Logs the warnings of the current settings.
    fn warn(&self) {
        for warning in &self.settings().warnings {
            warn!(file = %self.path.display(), "{warning}");
        }
    }

    /// Replaces the settings for new connections and requests. If no user or hash changed, cached
    /// credentials are kept, so that a reload during a flood of requests does not send known
    /// clients to the bcrypt queue.
    fn replace(&self, mut settings: WebSettings) -> Result<(), WebConfigError> {
        let check = check_replacement(&self.settings(), &settings);
        check.map_err(|message| WebConfigError::Invalid { path: self.path.clone(), message })?;
        let mut current = write(&self.settings);
        if settings.users.has_hashes_of(&current.users) {
            settings.users = Arc::clone(&current.users);
        }
        self.metrics.loaded(settings.not_after());
        *current = Arc::new(settings);
        Ok(())
    }
}

impl WebSettings {
    /// Returns when the certificate expires, since the Unix epoch.
    fn not_after(&self) -> Option<Duration> {
        self.tls.as_ref()?.not_after
    }
}

/// Refuses valid settings that cannot replace the current ones.
fn check_replacement(current: &WebSettings, new: &WebSettings) -> Result<(), String> {
    // A program that writes the file may be interrupted after emptying it, which must not disable
    // TLS or passwords.
    if new.is_blank && current.tls.is_some() {
        return Err("the file is empty, expected at least `tls_server_config`".to_owned());
    }
    if new.is_blank && !current.users.is_empty() {
        return Err("the file is empty, expected `basic_auth_users: {}` to disable authentication"
            .to_owned());
    }
    // Clients that still use the old protocol could no longer connect.
    if new.tls.is_some() != current.tls.is_some() {
        let verb = if new.tls.is_some() { "on" } else { "off" };
        return Err(format!("TLS cannot be turned {verb} without a restart"));
    }
    Ok(())
}
