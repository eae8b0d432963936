//! What servers and files say as text, field by field, read into structs.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde::de::value::{Error, MapDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Texts by key, as many servers and files tell of themselves: `key:text` in lines, `key=text` between commas.
///
/// They are read into structs that derive `serde::Deserialize`, and [`Collector`](macro@crate::Collector) or
/// [`Labels`](macro@crate::Labels) beside:
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
/// let fields = KeyValues::of_lines(text);
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
/// # Ok::<(), hello_exporter::key_values::KeyValuesError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeyValues<'t>(BTreeMap<&'t str, &'t str>);

/// A struct that cannot be read from [`KeyValues`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct KeyValuesError(Error);

/// White space around keys and texts is left out. Of a key that is there twice the last text stands.
impl<'t> FromIterator<(&'t str, &'t str)> for KeyValues<'t> {
    fn from_iter<I: IntoIterator<Item = (&'t str, &'t str)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(key, text)| (key.trim(), text.trim())).collect())
    }
}

impl<'t> KeyValues<'t> {
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

    /// The text of a key, if it is a number, or says of a state whether it is on: `true`, `yes`,
    /// `on`, `ok` and `up` are 1, `false`, `no`, `off`, `err`, `fail` and `down` are 0, in upper or
    /// lower case.
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

    /// A struct whose fields are [numbers](Self::number) in an `Option`, of whatever type: `None` where a text is missing, or is
    /// none of that type, as `2.5` is no `u64`. A server of another version, which tells of something in another way, so costs no
    /// other metric. Integers are exact.
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
    ///     /// Whether the network is there.
    ///     up: Option<bool>,
    /// }
    ///
    /// let network: Network = KeyValues::of_lines("bytes_total:18446744073709551615\nup:yes\n").numbers()?;
    /// assert_eq!((network.bytes_total, network.up), (Some(u64::MAX), Some(true)));
    /// # Ok::<(), hello_exporter::key_values::KeyValuesError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A field that is no number in an `Option`.
    pub fn numbers<T: DeserializeOwned>(&self) -> Result<T, KeyValuesError> {
        self.read(Kind::Number)
    }

    /// A struct whose fields are texts, or, in an `Option`, what may be missing.
    ///
    /// # Errors
    ///
    /// A field that is something else, or one that is in no `Option` and without `#[serde(default)]` of which there is no text.
    pub fn texts<T: DeserializeOwned>(&self) -> Result<T, KeyValuesError> {
        self.read(Kind::Text)
    }

    /// Reads again, without it, where the text of an `Option` is not of its type, which nothing tells before: at most once for
    /// each field of the struct.
    fn read<T: DeserializeOwned>(&self, kind: Kind) -> Result<T, KeyValuesError> {
        let unfit = RefCell::new(BTreeSet::new());
        loop {
            let known = unfit.borrow().len();
            let of_key =
                |(key, text)| (key, Text { key, text, kind, is_some: false, unfit: &unfit });
            match T::deserialize(MapDeserializer::new(self.iter().map(of_key))) {
                Err(_) if unfit.borrow().len() > known => {}
                result => return result.map_err(KeyValuesError),
            }
        }
    }
}

fn number(text: &str) -> Option<f64> {
    state(text).map(f64::from).or_else(|| text.parse().ok())
}

/// Returns whether something is on.
fn state(text: &str) -> Option<bool> {
    let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    let is_on = is_one_of(&["true", "yes", "on", "ok", "up"]);
    let is_off = is_one_of(&["false", "no", "off", "err", "fail", "down"]);
    (is_on || is_off).then_some(is_on)
}

/// What a field is that does not say itself what it is to be read from.
#[derive(Clone, Copy)]
enum Kind {
    Number,
    Text,
}

/// The text of a key, as whatever a field wants.
#[derive(Clone, Copy)]
struct Text<'a, 't> {
    key: &'t str,
    text: &'t str,
    kind: Kind,
    /// Whether it is what is in an `Option`.
    is_some: bool,
    /// The keys whose texts are not of the type that is in their `Option`.
    unfit: &'a RefCell<BTreeSet<&'t str>>,
}

impl Text<'_, '_> {
    /// A number of any type; whether something is on is 1 or 0.
    fn number<N: FromStr + From<bool>>(&self) -> Result<N, Error> {
        let number = state(self.text).map(N::from).or_else(|| self.text.parse().ok());
        number.ok_or_else(|| self.unfit())
    }

    fn boolean(&self) -> Result<bool, Error> {
        let of_number = |number| [(0.0, false), (1.0, true)].into_iter().find(|it| it.0 == number);
        number(self.text).and_then(of_number).map(|it| it.1).ok_or_else(|| self.unfit())
    }

    /// What is wrong, without the text, which is somebody else's.
    fn unfit(&self) -> Error {
        if self.is_some {
            self.unfit.borrow_mut().insert(self.key);
        }
        Error::custom(format_args!("the text of field `{}` is not of its type", self.key))
    }
}

impl<'de> IntoDeserializer<'de> for Text<'_, '_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! deserialize_numbers {
    ($($deserialize:ident $visit:ident,)*) => {
        $(fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.number()?)
        })*
    };
}

impl<'de> Deserializer<'de> for Text<'_, '_> {
    type Error = Error;

    deserialize_numbers! {
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32,
        deserialize_i64 visit_i64, deserialize_i128 visit_i128,
        deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32,
        deserialize_u64 visit_u64, deserialize_u128 visit_u128,
        deserialize_f32 visit_f32, deserialize_f64 visit_f64,
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.boolean()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let is_unfit = self.unfit.borrow().contains(self.key);
        if is_unfit {
            visitor.visit_none()
        } else {
            visitor.visit_some(Self { is_some: true, ..self })
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.text.into_deserializer().deserialize_enum(name, variants, visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.kind {
            Kind::Number => visitor.visit_f64(self.number()?),
            Kind::Text => visitor.visit_str(self.text),
        }
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::KeyValues;

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
        let fields = KeyValues::of_lines(text);
        assert_eq!(
            fields.numbers::<Numbers>().unwrap(),
            Numbers { a: Some(2.5), b: None, c: None, ok: Some(1.0), down: Some(0.0) }
        );
        assert_eq!((fields.get("b"), fields.number("b")), (Some("1.5%"), None));
    }

    #[test]
    fn numbers_are_of_the_type_of_their_field_and_exact() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Micros(u64);

        #[derive(Debug, Deserialize, PartialEq)]
        struct Numbers {
            u64: Option<u64>,
            i64: Option<i64>,
            u8: Option<u8>,
            f64: Option<f64>,
            bool: Option<bool>,
            micros: Option<Micros>,
        }

        let read = |text| KeyValues::of_lines(text).numbers::<Numbers>().unwrap();
        let all = "u64:18446744073709551615\ni64:-9223372036854775808\nu8:255\nf64:1e3\nbool:1\nmicros:7\n";
        assert_eq!(
            read(all),
            Numbers {
                u64: Some(u64::MAX),
                i64: Some(i64::MIN),
                u8: Some(255),
                f64: Some(1000.0),
                bool: Some(true),
                micros: Some(Micros(7)),
            }
        );
        let states = Numbers {
            u64: Some(1),
            i64: Some(0),
            u8: Some(1),
            f64: Some(0.0),
            bool: Some(false),
            micros: Some(Micros(1)),
        };
        assert_eq!(read("u64:yes\ni64:no\nu8:on\nf64:off\nbool:down\nmicros:up\n"), states);
        assert_eq!(read("u64:True\ni64:FALSE\nu8:Yes\nf64:No\nbool:Err\nmicros:OK\n"), states);
        // What is not of its type costs no other field.
        let none =
            Numbers { u64: None, i64: Some(-1), u8: None, f64: None, bool: None, micros: None };
        assert_eq!(read("u64:2.5\ni64:-1\nu8:256\nf64:1.5%\nbool:2\nmicros:-7\n"), none);
        assert_eq!(read("i64:-1\n"), none);
    }

    #[test]
    fn a_number_in_no_option_has_to_be_one_and_its_text_is_not_told() {
        #[derive(Debug, Deserialize)]
        struct Numbers {
            a: u64,
        }

        let read = |text| KeyValues::of_lines(text).numbers::<Numbers>();
        assert_eq!(read("a:3").unwrap().a, 3);
        let error = read("a:hunter2").unwrap_err();
        assert_eq!(error.to_string(), "the text of field `a` is not of its type");
    }

    #[test]
    fn a_text_in_an_option_may_be_missing() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Texts {
            a: Option<String>,
            b: Option<String>,
            port: Option<u16>,
            role: Option<Role>,
        }

        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(rename_all = "lowercase")]
        enum Role {
            Master,
        }

        let texts: Texts = KeyValues::of_parts("a=1,port=6379,role=master").texts().unwrap();
        let [a, b] = [Some("1".to_owned()), None];
        assert_eq!(texts, Texts { a, b, port: Some(6379), role: Some(Role::Master) });
    }

    #[test]
    fn a_text_that_is_missing_is_an_error_unless_it_has_a_default() {
        #[derive(Debug, Deserialize)]
        struct Texts {
            a: String,
            #[serde(default)]
            b: String,
        }

        let texts: Texts = KeyValues::of_parts("a=1,c=2").texts().unwrap();
        assert_eq!((&*texts.a, &*texts.b), ("1", ""));
        let error = KeyValues::of_parts("b=1").texts::<Texts>().unwrap_err();
        assert_eq!(error.to_string(), "missing field `a`");
    }

    #[test]
    fn entries_are_told_by_what_follows_their_prefix() {
        let fields = KeyValues::of_lines("db0:keys=1\ndb10:keys=2\ndbs:keys=3\nx:keys=4\n");
        let keys = |fields: &KeyValues<'_>| fields.number("keys");
        let entries =
            fields.entries("db").iter().map(|(name, it)| (*name, keys(it))).collect::<Vec<_>>();
        assert_eq!(entries, [("0", Some(1.0)), ("10", Some(2.0)), ("s", Some(3.0))]);
        assert_eq!(fields.numbered("db").into_keys().collect::<Vec<_>>(), [0, 10]);
    }
}
