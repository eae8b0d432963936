//! Keys and values in the text of servers and files, read into structs.

mod error;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::de::Deserialize;

pub use error::KeyValuesError;

/// Values by key, as in the text of many servers and files: `key:value` in lines, `key=value`
/// between commas.
///
/// They are read into structs that derive `serde::Deserialize` in addition to
/// [`Collector`](macro@crate::Collector) or [`Labels`](macro@crate::Labels):
///
/// ```
/// use hello_exporter::key_values::KeyValues;
/// use hello_exporter::{Collector, Labels, Rows, testing};
/// use serde::Deserialize;
///
/// #[derive(Collector, Deserialize)]
/// struct Cache {
///     /// Clients that are connected.
///     clients: Option<f64>,
///
///     /// Bytes in use.
///     #[metric(name = "used_bytes")]
///     used: Option<f64>,
///
///     /// Evictions, which newer versions report.
///     evictions: Option<f64>,
///
///     #[metric(flatten)]
///     #[serde(skip)]
///     slabs: Rows<Slab, SlabMetrics>,
/// }
///
/// #[derive(Labels, Deserialize)]
/// struct Slab {
///     kind: String,
/// }
///
/// #[derive(Collector, Deserialize)]
/// struct SlabMetrics {
///     /// Pages of a slab.
///     #[metric(name = "slab_pages")]
///     pages: Option<f64>,
/// }
///
/// let text = "clients: 3\nused: unknown\nslab0:kind=small,pages=7\n";
/// let values = KeyValues::of_lines(text);
/// let (mut cache, skipped) = values.read::<Cache>()?;
/// assert_eq!(skipped, ["used"]);
/// for slab in values.numbered("slab").into_values() {
///     let ((labels, _), (metrics, _)) = (slab.read()?, slab.read()?);
///     cache.slabs.push(labels, metrics);
/// }
/// testing::assert_exposition(
///     &cache,
///     r#"
///     ## HELP clients Clients that are connected.
///     ## TYPE clients gauge
///     clients 3
///     ## HELP slab_pages Pages of a slab.
///     ## TYPE slab_pages gauge
///     slab_pages{kind="small"} 7
///     "#,
/// );
/// # Ok::<(), hello_exporter::key_values::KeyValuesError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeyValues<'t>(BTreeMap<&'t str, &'t str>);

/// Trims white space around keys and values. A repeated key keeps its last value.
impl<'t> FromIterator<(&'t str, &'t str)> for KeyValues<'t> {
    fn from_iter<I: IntoIterator<Item = (&'t str, &'t str)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(key, text)| (key.trim(), text.trim())).collect())
    }
}

impl<'t> KeyValues<'t> {
    /// Reads lines of the form `key:value`. Other lines are ignored.
    pub fn of_lines(text: &'t str) -> Self {
        text.lines().filter_map(|line| line.split_once(':')).collect()
    }

    /// Reads parts of the form `key=value`, separated by commas. Other parts are ignored.
    pub fn of_parts(text: &'t str) -> Self {
        text.split(',').filter_map(|part| part.split_once('=')).collect()
    }

    /// Returns the value of a key as it is written.
    pub fn text(&self, key: &str) -> Option<&'t str> {
        self.0.get(key).copied()
    }

    /// Returns the value of a key as a number, a `bool`, a text, an enum whose variant it names, or
    /// any other type that serde reads from one of these; `None` if there is no such key.
    ///
    /// A state is read as a number or a `bool`: `true`, `yes`, `on`, `ok` and `up` are 1, `false`,
    /// `no`, `off`, `err`, `fail` and `down` are 0, in upper or lower case. Integers are exact.
    ///
    /// ```
    /// use hello_exporter::key_values::KeyValues;
    ///
    /// let values = KeyValues::of_lines("bytes:18446744073709551615\nlink:up\nload:0.5\n");
    /// assert_eq!(values.get("bytes")?, Some(u64::MAX));
    /// assert_eq!((values.get("link")?, values.get("link")?), (Some(true), Some(1.0)));
    /// assert_eq!(values.get::<u64>("missing")?, None);
    /// let error = values.get::<u64>("load").unwrap_err();
    /// assert_eq!(error.to_string(), "invalid value of `load`, expected u64");
    /// # Ok::<(), hello_exporter::key_values::KeyValuesError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error that names the key if the value is not of this type.
    pub fn get<T: Deserialize<'t>>(&self, key: &str) -> Result<Option<T>, KeyValuesError> {
        let value = self.text(key).map(read::read_value);
        value.transpose().map_err(|error| error.at(key))
    }

    /// Returns keys and values, ordered by key.
    pub fn iter(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.0.iter().map(|(key, text)| (*key, *text))
    }

    /// Returns the [parts](Self::of_parts) of the values whose keys begin with `prefix`, by the
    /// rest of the key.
    pub fn entries(&self, prefix: &str) -> BTreeMap<&'t str, Self> {
        let with_prefix =
            self.iter().filter_map(|(key, text)| Some((key.strip_prefix(prefix)?, text)));
        with_prefix.map(|(name, text)| (name, Self::of_parts(text))).collect()
    }

    /// Returns the [entries](Self::entries) whose keys are `prefix` and a number, such as `disk0`
    /// and `disk1`, by this number.
    pub fn numbered(&self, prefix: &str) -> BTreeMap<u32, Self> {
        let entries = self.entries(prefix).into_iter();
        entries.filter_map(|(number, parts)| Some((number.parse().ok()?, parts))).collect()
    }

    /// Reads a struct whose fields have the names of the keys. Returns it with the keys of the
    /// values that were skipped.
    ///
    /// Fields are of the types that [`Self::get`] reads. A field in an `Option` may be missing. A
    /// value of the wrong type, such as `2.5` for a `u64`, is skipped, and the field is `None`. So
    /// if another version of the server reports one value in another form, no other metric is
    /// missing. A field that is not an `Option` is required, unless it has `#[serde(default)]`.
    /// Keys without a field are ignored. A struct in a field with `#[serde(flatten)]` sees only
    /// texts, since serde buffers its values: read it with a call of its own.
    ///
    /// ```
    /// use hello_exporter::key_values::KeyValues;
    /// use hello_exporter::Collector;
    /// use serde::Deserialize;
    ///
    /// #[derive(Collector, Deserialize)]
    /// struct Network {
    ///     /// Bytes received.
    ///     #[metric(counter)]
    ///     bytes_total: Option<u64>,
    ///
    ///     /// Whether the network is up.
    ///     up: Option<bool>,
    /// }
    ///
    /// let values = KeyValues::of_lines("bytes_total:7\nup:perhaps\n");
    /// let (network, skipped) = values.read::<Network>()?;
    /// assert_eq!((network.bytes_total, network.up), (Some(7), None));
    /// assert_eq!(skipped, ["up"]);
    /// # Ok::<(), hello_exporter::key_values::KeyValuesError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error that names the key if a required field is missing, or its value is not of
    /// its type.
    pub fn read<T: Deserialize<'t>>(&self) -> Result<(T, Vec<&'t str>), KeyValuesError> {
        read::read_struct(self.0.iter())
    }
}
