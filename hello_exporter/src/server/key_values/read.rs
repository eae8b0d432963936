//! Reads values with serde, in one pass over keys and values. A value of the wrong type for an
//! `Option` affects no other field.

use std::cell::Cell;
use std::collections::btree_map::Iter;
use std::str::FromStr;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::KeyValuesError;

/// Reads a struct. Returns it with the keys of the values that were skipped.
pub(super) fn read_struct<'t, T: Deserialize<'t>>(
    pairs: Iter<'_, &'t str, &'t str>,
) -> Result<(T, Vec<&'t str>), KeyValuesError> {
    let mut skipped = Vec::new();
    let entries = Entries { pairs, entry: ("", ""), skipped: &mut skipped };
    let value = T::deserialize(MapAccessDeserializer::new(entries))?;
    Ok((value, skipped))
}

/// Reads one value.
pub(super) fn read_value<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, KeyValuesError> {
    T::deserialize(Value { text, is_optional: &Cell::new(false), is_skipped: false })
}

/// Yields the keys and values of a struct, one after the other.
struct Entries<'a, 't> {
    pairs: Iter<'a, &'t str, &'t str>,
    /// The key that was yielded last, and its value.
    entry: (&'t str, &'t str),
    skipped: &'a mut Vec<&'t str>,
}

impl<'t> MapAccess<'t> for Entries<'_, 't> {
    type Error = KeyValuesError;

    fn next_key_seed<K: DeserializeSeed<'t>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, KeyValuesError> {
        let Some((key, text)) = self.pairs.next() else { return Ok(None) };
        self.entry = (key, text);
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'t>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, KeyValuesError> {
        let (key, text) = self.entry;
        let value = Value { text, is_optional: &Cell::new(false), is_skipped: false };
        seed.deserialize(value).map_err(|error| error.at(key))
    }

    /// Skips a value that is invalid for an `Option`, and reads `None` instead.
    ///
    /// The code of `serde_derive` reads every field with this method. serde's default
    /// implementation goes through a seed, which can be used only once: a value of the wrong type
    /// would fail the whole struct.
    fn next_value<V: Deserialize<'t>>(&mut self) -> Result<V, KeyValuesError> {
        let (key, text) = self.entry;
        let is_optional = Cell::new(false);
        let value = Value { text, is_optional: &is_optional, is_skipped: false };
        let error = match V::deserialize(value) {
            Ok(value) => return Ok(value),
            Err(error) => error.at(key),
        };
        if !is_optional.get() {
            return Err(error);
        }
        let none = V::deserialize(Value { is_skipped: true, ..value }).map_err(|_| error)?;
        self.skipped.push(key);
        Ok(none)
    }
}

/// Returns whether a state is on; `None` if the text is not a state.
fn state(text: &str) -> Option<bool> {
    let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    let is_on = is_one_of(&["true", "yes", "on", "ok", "up"]);
    let is_off = is_one_of(&["false", "no", "off", "err", "fail", "down"]);
    (is_on || is_off).then_some(is_on)
}

/// A value, read as the type of its field.
#[derive(Clone, Copy)]
struct Value<'a, 't> {
    text: &'t str,
    /// Set when an `Option` begins to read the value.
    is_optional: &'a Cell<bool>,
    /// Whether an `Option` is read as `None`.
    is_skipped: bool,
}

impl<'t> Value<'_, 't> {
    /// Reads a number of any type. A state is 1 or 0.
    fn number<N: FromStr + From<bool>>(self) -> Option<N> {
        state(self.text).map(N::from).or_else(|| self.text.parse().ok())
    }

    fn boolean(self) -> Option<bool> {
        let number: f64 = self.number()?;
        [(0.0, false), (1.0, true)].into_iter().find(|it| it.0 == number).map(|it| it.1)
    }
}

macro_rules! deserialize_numbers {
    ($($deserialize:ident $visit:ident,)*) => {
        $(fn $deserialize<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, KeyValuesError> {
            match self.number() {
                Some(number) => visitor.$visit(number),
                None => Err(KeyValuesError::expected(&visitor)),
            }
        })*
    };
}

impl<'t> Deserializer<'t> for Value<'_, 't> {
    type Error = KeyValuesError;

    deserialize_numbers! {
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32,
        deserialize_i64 visit_i64, deserialize_i128 visit_i128,
        deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32,
        deserialize_u64 visit_u64, deserialize_u128 visit_u128,
        deserialize_f32 visit_f32, deserialize_f64 visit_f64,
    }

    fn deserialize_bool<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, KeyValuesError> {
        match self.boolean() {
            Some(boolean) => visitor.visit_bool(boolean),
            None => Err(KeyValuesError::expected(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, KeyValuesError> {
        self.is_optional.set(true);
        if self.is_skipped { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, KeyValuesError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'t>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, KeyValuesError> {
        self.text.into_deserializer().deserialize_enum(name, variants, visitor)
    }

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, KeyValuesError> {
        visitor.visit_borrowed_str(self.text)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'t>>
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }

    fn deserialize_ignored_any<V: Visitor<'t>>(
        self,
        visitor: V,
    ) -> Result<V::Value, KeyValuesError> {
        visitor.visit_unit()
    }
}
