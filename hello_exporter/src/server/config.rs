//! The configuration file of an exporter, reloaded while it runs.
//!
//! [`Exporter::with_config`](crate::Exporter::with_config) declares the type of its contents, and
//! adds the flag `--config.file`. The file is in YAML, of which JSON is a part.
//!
//! - It is read at startup, on SIGHUP, and when it changes; with `--web.enable-lifecycle`, a
//!   request `POST /-/reload` reloads it as well.
//! - A file that cannot be used is an error at startup and with `--config.check`. Later it is
//!   logged, and the last good configuration stays in force.
//! - `<exporter>_config_last_reload_successful` is then 0, and
//!   `<exporter>_config_last_reload_success_timestamp_seconds` is the time of the last success.
//! - Sources, probes and collectors receive a [`Current`] configuration. All sources of a scrape
//!   see the same version of it.

mod current;
mod declared;
mod error;
mod options;
mod parse;
mod reload;
mod snapshot;
mod unknown_key;

use std::error::Error;

use serde::de::DeserializeOwned;

pub use current::Current;
pub(crate) use declared::{DeclaredConfig, OpenedConfig};
pub(crate) use error::ConfigError;
pub use options::ConfigOptions;
pub(crate) use reload::{ReloadableConfig, Reloader};
pub(crate) use snapshot::{Snapshot, Snapshots};

/// The contents of a configuration file.
///
/// ```
/// use hello_exporter::config::ConfigFile;
/// use std::error::Error;
///
/// #[derive(serde::Deserialize)]
/// struct Queues {
///     /// Names of the queues to monitor.
///     queues: Vec<String>,
/// }
///
/// impl ConfigFile for Queues {
///     fn validate(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
///         match self.queues.iter().find(|name| name.contains('/')) {
///             Some(name) => Err(format!("queue `{name}`: expected a name without `/`").into()),
///             None => Ok(()),
///         }
///     }
/// }
/// ```
///
/// A key that no field has is an error, as is an empty file, which an interrupted writer may have
/// left. A message contains the line, and no value of the file, since it could be a secret; only
/// messages of the author's own types and of [`validate`](Self::validate) can quote one.
///
/// Keys of an untagged or internally tagged enum are not checked, unless the enum has
/// `#[serde(deny_unknown_fields)]`. With this attribute, the message lists the accepted keys as
/// well.
pub trait ConfigFile: DeserializeOwned + Send + Sync + 'static {
    /// Checks what the types of the fields cannot express.
    ///
    /// # Errors
    ///
    /// Any error; the file is then not used, and the error is logged with its causes.
    fn validate(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}
