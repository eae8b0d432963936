//! Values of an unexpected type.

use std::collections::BTreeSet;

use hello_exporter::client::Address;
use hello_exporter::key_values::{KeyValues, KeyValuesError};
use serde::Deserialize;
use tracing::debug;

/// The keys of values of an unexpected type, which the scrape does not expose. All keys are names
/// that this program knows, and not words that only the server chooses.
#[derive(Debug, Default)]
pub(crate) struct Skipped(BTreeSet<String>);

impl Skipped {
    /// Reads a struct, and adds the keys that are skipped.
    pub(crate) fn read<'t, T: Deserialize<'t>>(
        &mut self,
        values: &KeyValues<'t>,
    ) -> Result<T, KeyValuesError> {
        let (value, skipped) = values.read()?;
        self.0.extend(skipped.into_iter().map(str::to_owned));
        Ok(value)
    }

    /// Returns the number of a key. Adds the key if its value is not a number.
    pub(crate) fn number(&mut self, values: &KeyValues, key: &'static str) -> Option<f64> {
        values.get(key).unwrap_or_else(|_| self.add(key))
    }

    /// Parses a number. Adds the key if the text is not a number.
    pub(crate) fn parse(&mut self, key: &'static str, text: &str) -> Option<f64> {
        text.parse().ok().or_else(|| self.add(key))
    }

    fn add(&mut self, key: &str) -> Option<f64> {
        self.0.insert(key.to_owned());
        None
    }

    /// Logs the keys, if there are any.
    pub(crate) fn log(&self, server: &Address) {
        if !self.0.is_empty() {
            let keys: Vec<&str> = self.0.iter().map(String::as_str).collect();
            debug!(%server, keys = keys.join(","), "Values of an unexpected type are not exposed");
        }
    }
}
