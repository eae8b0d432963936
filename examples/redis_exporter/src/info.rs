//! What a server says in pairs of a key and a text, read into structs.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Error, Value, from_value};

/// Texts by key: the lines of INFO, the parts of one, a configuration.
pub(crate) struct Info<'t>(BTreeMap<&'t str, &'t str>);

impl<'t> FromIterator<(&'t str, &'t str)> for Info<'t> {
    fn from_iter<I: IntoIterator<Item = (&'t str, &'t str)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<'t> Info<'t> {
    /// The lines of INFO: `key:text`.
    pub(crate) fn of_lines(text: &'t str) -> Self {
        text.lines().filter_map(|line| line.split_once(':')).collect()
    }

    /// The parts of a line: `key=text,key=text`.
    pub(crate) fn of_parts(text: &'t str) -> Self {
        text.split(',').filter_map(|part| part.split_once('=')).collect()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'t str> {
        self.0.get(key).copied()
    }

    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        self.get(key).and_then(number)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.0.iter().map(|(key, text)| (*key, *text))
    }

    /// The lines whose key has this prefix, by what follows it, and their parts.
    pub(crate) fn entries(&self, prefix: &str) -> BTreeMap<&'t str, Self> {
        let entry =
            |(key, text): (&'t str, _)| Some((key.strip_prefix(prefix)?, Self::of_parts(text)));
        self.iter().filter_map(entry).collect()
    }

    /// A struct of numbers. One that is missing, or is written in another way by another version of the server, is `None`.
    pub(crate) fn numbers<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.read(|text| number(text).into())
    }

    /// A struct of texts.
    pub(crate) fn texts<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.read(Value::from)
    }

    fn read<T: DeserializeOwned>(&self, value: impl Fn(&'t str) -> Value) -> Result<T, Error> {
        from_value(self.iter().map(|(key, text)| (key.to_owned(), value(text))).collect())
    }
}

fn number(text: &str) -> Option<f64> {
    match text {
        "ok" | "up" => Some(1.0),
        "err" | "down" => Some(0.0),
        text => text.parse().ok(),
    }
}

/// Seconds, of a number of microseconds.
pub(crate) fn from_micros<'d, D: Deserializer<'d>>(
    deserializer: D,
) -> Result<Option<f64>, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.map(|micros| micros / 1e6))
}

/// Seconds, of a number of milliseconds.
pub(crate) fn from_millis<'d, D: Deserializer<'d>>(
    deserializer: D,
) -> Result<Option<f64>, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.map(|millis| millis / 1e3))
}
