//! The file that `--web.config.file` names: TLS, users, headers, limits.
//!
//! `file` reads it, with the values of its keys in `value`, `header`, `password` and `scalar`.
//! `load`, `tls` and `client` make settings of it. `guard` holds requests against them, with
//! `auth`, `comparison`, `turns` and `rate_limit`, by `network`. `watch` reloads files that have
//! changed.

mod auth;
mod client;
mod comparison;
mod error;
mod file;
mod guard;
mod header;
mod load;
mod password;
mod rate_limit;
mod scalar;
mod tls;
mod turns;
mod value;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use actix_web::http::header::{HeaderName, HeaderValue};
use rustls::ServerConfig;
use tracing::warn;

use auth::Users;
pub use error::WebConfigError;
pub(crate) use guard::guard;
use rate_limit::Limits;
use turns::Turns;

use crate::server::files::ReadFiles;

/// What a file says, taken up again whenever the file changes.
pub(crate) struct WebConfig {
    path: PathBuf,
    settings: RwLock<Arc<Settings>>,
    turns: Arc<Turns>,
}

/// What is in force.
struct Settings {
    /// Whether there was nothing in the file.
    is_blank: bool,
    tls: Option<Arc<ServerConfig>>,
    is_http2: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
    users: Arc<Users>,
    limits: Option<Limits>,
    /// What the operator should know and can live with.
    warnings: Vec<String>,
}

impl WebConfig {
    /// Reads the file, and whatever it names, and goes on watching them.
    pub(crate) fn load(path: &Path) -> Result<Arc<Self>, WebConfigError> {
        let (config, files) = Self::read(path)?;
        let watch = |error| WebConfigError::Watch { path: path.to_owned(), error };
        watch::start(&config, files).map_err(watch)?;
        Ok(config)
    }

    /// Reads the file, and whatever it names, and says what is wrong with it.
    pub(crate) fn check(path: &Path) -> Result<(), WebConfigError> {
        Self::read(path).map(drop)
    }

    fn read(path: &Path) -> Result<(Arc<Self>, ReadFiles), WebConfigError> {
        let mut files = ReadFiles::default();
        let settings = RwLock::new(Arc::new(load::settings(path, &mut files)?));
        let config = Self { path: path.to_owned(), settings, turns: Arc::default() };
        config.warn();
        Ok((Arc::new(config), files))
    }

    /// What the next TLS connection is served with; nothing where connections are plain.
    pub(crate) fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.settings().tls.clone()
    }

    /// Whether clients are offered HTTP/2.
    pub(crate) fn is_http2(&self) -> bool {
        let settings = self.settings();
        settings.tls.is_some() && settings.is_http2
    }

    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Logs what the operator should know of the settings in force.
    fn warn(&self) {
        for warning in &self.settings().warnings {
            warn!(file = %self.path.display(), "{warning}");
        }
    }

    /// Puts other settings in force, for new connections and for the next requests. As long as users stay
    /// the same, so do the credentials that were right: they do not queue behind whoever floods the exporter.
    fn replace(&self, mut settings: Settings) -> Result<(), WebConfigError> {
        let check = check_replacement(&self.settings(), &settings);
        check.map_err(|message| WebConfigError::Invalid { path: self.path.clone(), message })?;
        let mut current = self.settings.write().unwrap_or_else(PoisonError::into_inner);
        if settings.users.are_those_of(&current.users) {
            settings.users = Arc::clone(&current.users);
        }
        *current = Arc::new(settings);
        Ok(())
    }
}

/// What is sound in itself, and yet cannot take the place of what is in force.
fn check_replacement(current: &Settings, new: &Settings) -> Result<(), String> {
    // Whoever writes a file empties it first, and may be interrupted there: that must let nobody in.
    if new.is_blank && (current.tls.is_some() || !current.users.is_empty()) {
        return Err(
            "there is nothing in the file, expected `basic_auth_users: {}` if everybody may ask \
                    from now on"
                .to_owned(),
        );
    }
    // A listener serves either: clients would see their connections break.
    if new.tls.is_some() != current.tls.is_some() {
        let verb = if new.tls.is_some() { "on" } else { "off" };
        return Err(format!("TLS cannot be turned {verb} without a restart"));
    }
    Ok(())
}
