//! What servers and files say as text, field by field, read into structs.

use std::collections::BTreeMap;

use serde::de::value::{Error, MapDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Texts by key, as many servers and files tell of themselves: `key:text` in lines, `key=text` between commas.
///
/// They are read into structs that derive `serde::Deserialize`, and [`Collector`](macro@crate::Collector) or
/// [`Labels`](macro@crate::Labels) beside:
///
/// ```
/// use hello_exporter::{Collector, Fields, Labels, Rows, testing};
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
///     /// What newer versions tell.
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
/// let fields = Fields::of_lines(text);
/// let mut cache: Cache = fields.numbers()?;
/// for slab in fields.numbered("slab").into_values() {
///     cache.slabs.push(slab.texts()?, slab.numbers()?);
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
/// # Ok::<(), hello_exporter::FieldsError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Fields<'t>(BTreeMap<&'t str, &'t str>);

/// A struct that cannot be read from [`Fields`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FieldsError(Error);

/// White space around keys and texts is left out. Of a key that is there twice the last text stands.
impl<'t> FromIterator<(&'t str, &'t str)> for Fields<'t> {
    fn from_iter<I: IntoIterator<Item = (&'t str, &'t str)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(key, text)| (key.trim(), text.trim())).collect())
    }
}

impl<'t> Fields<'t> {
    /// The lines of a text, each a key, a colon and a text: `key:text`.
    pub fn of_lines(text: &'t str) -> Self {
        text.lines().filter_map(|line| line.split_once(':')).collect()
    }

    /// The parts of a text: `key=text,key=text`.
    pub fn of_parts(text: &'t str) -> Self {
        text.split(',').filter_map(|part| part.split_once('=')).collect()
    }

    /// The text of a key.
    pub fn get(&self, key: &str) -> Option<&'t str> {
        self.0.get(key).copied()
    }

    /// The text of a key, if it is a number, or says of a state whether it is on: `true`, `yes`, `on`, `ok` and `up` are
    /// 1, `false`, `no`, `off`, `err`, `fail` and `down` are 0.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.get(key).and_then(number)
    }

    /// Keys and texts, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.0.iter().map(|(key, text)| (*key, *text))
    }

    /// What follows the prefix in the keys that begin with it, and the [parts](Self::of_parts) of their texts.
    pub fn entries(&self, prefix: &str) -> BTreeMap<&'t str, Self> {
        let with_prefix =
            self.iter().filter_map(|(key, text)| Some((key.strip_prefix(prefix)?, text)));
        with_prefix.map(|(name, text)| (name, Self::of_parts(text))).collect()
    }

    /// Those [entries](Self::entries) whose keys end in a number, `disk0` and `disk1`, by it.
    pub fn numbered(&self, prefix: &str) -> BTreeMap<u32, Self> {
        let entries = self.entries(prefix).into_iter();
        entries.filter_map(|(number, parts)| Some((number.parse().ok()?, parts))).collect()
    }

    /// A struct whose fields are [numbers](Self::number) in an `Option`: `None` where a text is missing, or is none. A server of
    /// another version, which tells of something in another way, so costs no other metric.
    ///
    /// # Errors
    ///
    /// A field that is something else.
    pub fn numbers<T: DeserializeOwned>(&self) -> Result<T, FieldsError> {
        let numbers = self.iter().map(|(key, text)| (key, Number(number(text))));
        T::deserialize(MapDeserializer::new(numbers)).map_err(FieldsError)
    }

    /// A struct whose fields are texts.
    ///
    /// # Errors
    ///
    /// A field that is something else, or one without `#[serde(default)]` of which there is no text.
    pub fn texts<T: DeserializeOwned>(&self) -> Result<T, FieldsError> {
        T::deserialize(MapDeserializer::new(self.iter())).map_err(FieldsError)
    }
}

fn number(text: &str) -> Option<f64> {
    match text {
        "true" | "yes" | "on" | "ok" | "up" => Some(1.0),
        "false" | "no" | "off" | "err" | "fail" | "down" => Some(0.0),
        text => text.parse().ok(),
    }
}

/// A number, if there is one.
#[derive(Clone, Copy)]
struct Number(Option<f64>);

impl<'de> IntoDeserializer<'de> for Number {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Number {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Some(number) => visitor.visit_some(number.into_deserializer()),
            None => visitor.visit_none(),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::Fields;

    #[test]
    fn a_number_that_is_none_costs_no_other() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Numbers {
            a: Option<f64>,
            b: Option<f64>,
            c: Option<f64>,
            ok: Option<f64>,
            down: Option<f64>,
        }

        let text = "# Section\r\nother: x\r\na:1\r\na: 2.5 \r\nb:1.5%\r\nok:ok\r\ndown:down\r\nnothing\r\n";
        let fields = Fields::of_lines(text);
        assert_eq!(
            fields.numbers::<Numbers>().unwrap(),
            Numbers { a: Some(2.5), b: None, c: None, ok: Some(1.0), down: Some(0.0) }
        );
        assert_eq!((fields.get("b"), fields.number("b")), (Some("1.5%"), None));
    }

    #[test]
    fn a_text_that_is_missing_is_an_error_unless_it_has_a_default() {
        #[derive(Debug, Deserialize)]
        struct Texts {
            a: String,
            #[serde(default)]
            b: String,
        }

        let texts: Texts = Fields::of_parts("a=1,c=2").texts().unwrap();
        assert_eq!((&*texts.a, &*texts.b), ("1", ""));
        let error = Fields::of_parts("b=1").texts::<Texts>().unwrap_err();
        assert_eq!(error.to_string(), "missing field `a`");
    }

    #[test]
    fn entries_are_told_by_what_follows_their_prefix() {
        let fields = Fields::of_lines("db0:keys=1\ndb10:keys=2\ndbs:keys=3\nx:keys=4\n");
        let keys = |fields: &Fields<'_>| fields.number("keys");
        let entries =
            fields.entries("db").iter().map(|(name, it)| (*name, keys(it))).collect::<Vec<_>>();
        assert_eq!(entries, [("0", Some(1.0)), ("10", Some(2.0)), ("s", Some(3.0))]);
        assert_eq!(fields.numbered("db").into_keys().collect::<Vec<_>>(), [0, 10]);
    }
}
