//! Booleans, whole numbers and durations in the file. As in Go, a quoted value is text, so `'true'`
//! is not a boolean. A float without a fraction, such as `5.0`, is a whole number.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::server::cli::parse_duration;

/// A scalar with the type that YAML gives it.
enum Scalar {
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a single value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Integer(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Integer(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }
}

impl Scalar {
    /// Returns the scalar as a whole number from 0 to [`MAX`]; `5.0` is one.
    fn whole_number(&self) -> Option<u64> {
        let number = match self {
            Self::Integer(number) => *number,
            // A float outside the range of `i128` saturates, and the check below refuses it.
            Self::Float(number) if number.fract() == 0.0 => *number as i128,
            _ => return None,
        };
        u64::try_from(number).ok().filter(|number| *number <= MAX)
    }
}

/// The largest Go `int`, and the most nanoseconds in a Go `time.Duration`.
const MAX: u64 = i64::MAX as u64;

/// `true`, `false`, or another YAML 1.1 spelling such as `yes`.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(try_from = "Scalar")]
pub(super) struct Switch(pub(super) bool);

impl TryFrom<Scalar> for Switch {
    type Error = &'static str;

    fn try_from(scalar: Scalar) -> Result<Self, &'static str> {
        match scalar {
            Scalar::Bool(value) => Ok(Self(value)),
            _ => Err("expected `true` or `false`"),
        }
    }
}

/// A number without a fraction.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(try_from = "Scalar")]
pub(super) struct WholeNumber(pub(super) u64);

impl TryFrom<Scalar> for WholeNumber {
    type Error = String;

    fn try_from(scalar: Scalar) -> Result<Self, String> {
        let number = scalar.whole_number().map(Self);
        number.ok_or_else(|| format!("expected a whole number from 0 to {MAX}"))
    }
}

/// A duration as Go writes it, `1s`, `1m30s`, `2.5ms`, or a whole number of nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "Scalar")]
pub(super) struct GoDuration(pub(super) Duration);

impl TryFrom<Scalar> for GoDuration {
    type Error = String;

    fn try_from(scalar: Scalar) -> Result<Self, String> {
        match &scalar {
            Scalar::Text(text) => from_text(text).map(Self),
            _ => {
                let nanoseconds = scalar.whole_number().map(Duration::from_nanos);
                nanoseconds.map(Self).ok_or_else(|| EXPECTED_DURATION.to_owned())
            }
        }
    }
}

fn from_text(text: &str) -> Result<Duration, String> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let duration =
        parse_duration(unsigned).map_err(|error| format!("invalid duration `{text}`, {error}"))?;
    if duration > Duration::from_nanos(MAX) {
        return Err(format!("`{text}` is too long, expected at most `2562047h`"));
    }
    Ok(duration)
}

const EXPECTED_DURATION: &str = "expected a duration, such as `1s`, `1m30s` or `500ms`, or a whole \
                                 number of nanoseconds, at least 0";

#[cfg(test)]
mod tests {
    use super::*;

    fn duration(text: &str) -> Option<Duration> {
        from_text(text).ok()
    }

    #[test]
    fn durations_are_parsed_as_in_go() {
        let cases = [
            ("0", 0),
            ("0s", 0),
            ("1s", 1_000_000_000),
            ("+1s", 1_000_000_000),
            ("1m30s", 90_000_000_000),
            ("1h", 3_600_000_000_000),
            ("500ms", 500_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("20us", 20_000),
            ("20µs", 20_000),
            ("3ns", 3),
        ];
        for (text, nanoseconds) in cases {
            assert_eq!(duration(text), Some(Duration::from_nanos(nanoseconds)), "{text}");
        }
    }

    #[test]
    fn invalid_durations_are_rejected() {
        for text in [
            "", "1", "s", "1x", "-1s", "1 s", "1s ", "1s2", ".s", "1..5s", "1e3s", "1d", "++1s",
            "+", "2562048h",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
        assert_eq!(duration("99999999999999999999999h"), None);
    }

    #[test]
    fn whole_numbers_are_accepted_as_in_go() {
        let whole = |scalar: Scalar| scalar.whole_number();
        assert_eq!(whole(Scalar::Integer(5)), Some(5));
        assert_eq!(whole(Scalar::Float(5.0)), Some(5));
        assert_eq!(whole(Scalar::Float(1e9)), Some(1_000_000_000));
        assert_eq!(whole(Scalar::Integer(MAX.into())), Some(MAX));
        for number in [5.5, -1.0, 1e19, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(whole(Scalar::Float(number)), None, "{number}");
        }
        assert_eq!(whole(Scalar::Integer(-1)), None);
        assert_eq!(whole(Scalar::Integer(i128::from(MAX) + 1)), None);
        assert_eq!(whole(Scalar::Text("5".to_owned())), None);
    }
}
