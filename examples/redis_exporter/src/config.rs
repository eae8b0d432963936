//! The settings of a server.

use std::collections::BTreeMap;

use hello_exporter::Collector;
use hello_exporter::key_values::{KeyValues, KeyValuesError};
use serde::Deserialize;

use crate::flags::Options;
use crate::skipped::Skipped;

#[derive(Collector, Deserialize)]
pub(crate) struct Config {
    /// Configured limit of client connections.
    maxclients: Option<f64>,

    /// Configured memory limit of the data, in bytes; 0 means no limit.
    maxmemory: Option<f64>,

    /// Configured I/O threads.
    #[serde(rename = "io-threads")]
    io_threads: Option<f64>,

    /// Configured size of the replication backlog, in bytes.
    #[serde(rename = "repl-backlog-size")]
    repl_backlog_size: Option<f64>,

    /// Output buffer size at which a client of the class is disconnected, in bytes; 0 means no
    /// limit.
    #[metric(labels = ["class", "limit"])]
    #[serde(skip)]
    client_output_buffer_limit_bytes: Vec<([String; 2], f64)>,

    /// Time that the output buffer of a client may exceed the soft limit of its class, in seconds.
    #[metric(labels = ["class", "limit"])]
    #[serde(skip)]
    client_output_buffer_limit_overcome_seconds: Vec<([String; 2], f64)>,

    #[metric(flatten)]
    #[serde(skip)]
    all: AllSettings,
}

/// All settings, if a flag enables them.
#[derive(Collector, Default)]
pub(crate) struct AllSettings {
    /// Settings and their values, as text.
    #[metric(labels = ["key", "value"])]
    key_value: Vec<([String; 2], bool)>,

    /// Settings with numeric values.
    #[metric(labels = ["key"])]
    value: Vec<(String, f64)>,
}

/// The setting that holds the output buffer limits of all classes of clients.
const LIMITS: &str = "client-output-buffer-limit";

/// Settings and their values, as text.
pub(crate) type Settings = BTreeMap<String, String>;

impl AllSettings {
    /// Returns the settings to expose, without passwords if they are redacted.
    pub(crate) fn read(settings: &Settings, options: &Options) -> Self {
        let mut all = Self::default();
        let shown = |key: &str| !(options.redact_config_metrics && is_secret(key));
        for (key, text) in settings.iter().filter(|(key, _)| shown(key)) {
            all.value.extend(text.parse().ok().map(|value| (key.clone(), value)));
            all.key_value.push(([key.clone(), text.clone()], true));
        }
        all
    }
}

impl Config {
    pub(crate) fn read(
        settings: &Settings,
        options: &Options,
        skipped: &mut Skipped,
    ) -> Result<Self, KeyValuesError> {
        let values: KeyValues = settings.iter().map(|(key, text)| (&**key, &**text)).collect();
        let mut config: Self = skipped.read(&values)?;
        config.read_limits(values.text(LIMITS).unwrap_or_default(), skipped);
        if options.include_config_metrics {
            config.all = AllSettings::read(settings, options);
        }
        Ok(config)
    }

    /// Reads the limits of every class of clients: `normal 0 0 0 slave 268435456 67108864 60`.
    fn read_limits(&mut self, limits: &str, skipped: &mut Skipped) {
        let words: Vec<&str> = limits.split_whitespace().collect();
        for class in words.chunks_exact(4) {
            let [class, hard, soft, seconds] = class else { continue };
            let labels = |limit: &str| [(*class).to_owned(), limit.to_owned()];
            let mut sample =
                |limit, text: &str| Some((labels(limit), skipped.parse(LIMITS, text)?));
            self.client_output_buffer_limit_bytes.extend(sample("hard", hard));
            self.client_output_buffer_limit_bytes.extend(sample("soft", soft));
            self.client_output_buffer_limit_overcome_seconds.extend(sample("soft", seconds));
        }
    }
}

/// Returns whether a setting is a password: `requirepass`, `masterauth`, `primaryauth` of Valkey,
/// `tls-key-file-pass`.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let is_in = |word| key.contains(word);
    key.ends_with("auth")
        || key.ends_with("pass")
        || ["password", "secret", "token"].into_iter().any(is_in)
}

#[cfg(test)]
mod tests;
