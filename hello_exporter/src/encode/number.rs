//! Values of samples and their text.

use std::fmt;
use std::io::Write;

/// The value of a sample, exact: 64-bit integers stay integers in the text formats.
///
/// ```
/// use hello_exporter::collect::SampleValue;
///
/// assert_eq!(SampleValue::from(u64::MAX).to_string(), "18446744073709551615");
/// assert_eq!(SampleValue::from(1.0).to_string(), "1");
/// assert_eq!(SampleValue::from(1e300).to_string(), "1e+300");
/// assert_eq!(SampleValue::from(f64::INFINITY).to_string(), "+Inf");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum SampleValue {
    /// An unsigned integer.
    U64(u64),
    /// A signed integer.
    I64(i64),
    /// A float, infinite and NaN included.
    F64(f64),
}

impl SampleValue {
    /// Returns the value as Prometheus stores it; integers past 2⁵³ are rounded.
    pub fn as_f64(self) -> f64 {
        match self {
            SampleValue::U64(value) => value as f64,
            SampleValue::I64(value) => value as f64,
            SampleValue::F64(value) => value,
        }
    }

    /// Returns whether the value is negative, and its magnitude, if it is written as an integer.
    /// That is the case for integers, and for integral floats below 2⁵³, but not for -0.0.
    #[inline(always)]
    pub(super) fn integer(self) -> Option<(bool, u64)> {
        match self {
            SampleValue::U64(value) => Some((false, value)),
            SampleValue::I64(value) => Some((value < 0, value.unsigned_abs())),
            SampleValue::F64(value) => integer_of_float(value),
        }
    }

    /// Returns the shortest text that parses to the same float.
    pub(super) fn float_text(self, buffer: &mut zmij::Buffer) -> &str {
        let value = self.as_f64();
        if let Some(word) = not_finite(value) {
            return word;
        }
        let digits = buffer.format_finite(value);
        digits.strip_suffix(".0").unwrap_or(digits)
    }
}

impl fmt::Display for SampleValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.integer() {
            Some((true, magnitude)) => write!(formatter, "-{magnitude}"),
            Some((false, magnitude)) => write!(formatter, "{magnitude}"),
            None => formatter.write_str(self.float_text(&mut zmij::Buffer::new())),
        }
    }
}

macro_rules! numbers_from {
    ($($type:ty => $variant:ident)*) => {$(
        impl From<$type> for SampleValue {
            fn from(value: $type) -> Self {
                SampleValue::$variant(value as _)
            }
        }
    )*};
}

numbers_from! {
    u8 => U64 u16 => U64 u32 => U64 u64 => U64 usize => U64 bool => U64
    i8 => I64 i16 => I64 i32 => I64 i64 => I64 isize => I64
    f32 => F64 f64 => F64
}

fn integer_of_float(value: f64) -> Option<(bool, u64)> {
    /// For integral floats below this, the integer is the shortest decimal.
    const EXACT: f64 = 9_007_199_254_740_992.0;

    let is_negative_zero = value == 0.0 && value.is_sign_negative();
    let is_integral = value.abs() < EXACT && value.trunc() == value && !is_negative_zero;
    is_integral.then(|| (value < 0.0, value.abs() as u64))
}

fn not_finite(value: f64) -> Option<&'static str> {
    match value {
        value if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("+Inf"),
        f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

/// Appends an `le` or `quantile` value as Go's `strconv.FormatFloat(value, 'g', -1, 64)` does; if
/// `as_float`, an integer without an exponent gets `.0` appended.
///
/// Bounds are part of a series' identity, so they are spelled as client_golang spells them: with an
/// exponent of at least two digits below 1e-4 and from 1e6 on.
pub(crate) fn append_bound(value: f64, as_float: bool, out: &mut Vec<u8>) {
    let start = out.len();
    append_as_go(value, out);
    let is_integer = out.iter().skip(start).all(|byte| byte.is_ascii_digit() || *byte == b'-');
    if as_float && is_integer {
        out.extend_from_slice(b".0");
    }
}

fn append_as_go(value: f64, out: &mut Vec<u8>) {
    if let Some(word) = not_finite(value) {
        return out.extend_from_slice(word.as_bytes());
    }
    // If two texts are equally short and near, Go and zmij write the even one, `std` the larger.
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    let (sign, magnitude) = text.split_at(usize::from(text.starts_with('-')));
    let (mantissa, exponent) = magnitude.split_once('e').unwrap_or((magnitude, "0"));
    let written: i32 = exponent.parse().unwrap_or(0);
    let exponent = written + exponent_of_fixed(mantissa);
    if (-4..6).contains(&exponent) {
        return out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
    }
    let digits = mantissa.trim_matches(['0', '.']);
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    let point = if rest.is_empty() { "" } else { "." };
    [sign, first, point]
        .into_iter()
        .chain(rest.split('.'))
        .for_each(|part| out.extend(part.bytes()));
    // Writing to a vector does not fail.
    let _ = write!(out, "e{exponent:+03}");
}

/// Returns the decimal exponent of the first digit that is not 0, in a number without an exponent.
fn exponent_of_fixed(number: &str) -> i32 {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let exponent = match whole {
        "0" => fraction.bytes().position(|digit| digit != b'0').map(|zeros| -1 - zeros as i32),
        _ => Some(whole.len() as i32 - 1),
    };
    exponent.unwrap_or(0)
}

/// The bounds of a histogram, each rendered as the part of a line between the other labels and the
/// value: `,le="0.005"} `.
#[derive(Clone, Debug, Default)]
pub(crate) struct RenderedBounds {
    plain: Box<[Box<[u8]>]>,
    /// With `.0` after integers.
    float: Box<[Box<[u8]>]>,
}

impl RenderedBounds {
    pub(crate) fn new(bounds: &[f64]) -> Self {
        let render = |as_float| {
            let all = bounds.iter().chain([&f64::INFINITY]);
            all.map(|bound| rendered_bound(*bound, as_float)).collect()
        };
        Self { plain: render(false), float: render(true) }
    }

    /// Iterates over all bounds, `+Inf` last; without the comma if `is_only`, for a bound that is
    /// the only label.
    pub(super) fn iter(&self, as_float: bool, is_only: bool) -> impl Iterator<Item = &[u8]> {
        let bounds = if as_float { &self.float } else { &self.plain };
        bounds.iter().map(move |bound| bound.get(usize::from(is_only)..).unwrap_or_default())
    }
}

fn rendered_bound(bound: f64, as_float: bool) -> Box<[u8]> {
    let mut text = b",le=\"".to_vec();
    append_bound(bound, as_float, &mut text);
    text.extend_from_slice(b"\"} ");
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(value: f64) -> String {
        let mut out = Vec::new();
        append_bound(value, false, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// The expected texts were printed by Go's `strconv.FormatFloat(x, 'g', -1, 64)`.
    #[test]
    fn bounds_are_spelled_as_go_spells_them() {
        let cases = [
            (0.005, "0.005"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.0, "1"),
            (2.5, "2.5"),
            (100_000.0, "100000"),
            (1_000_000.0, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (123_456_789.125, "1.23456789125e+08"),
            (1e21, "1e+21"),
            (1e300, "1e+300"),
            (-1e16, "-1e+16"),
            (24_398.390_747_070_312, "24398.390747070312"),
            (5e-324, "5e-324"),
            (0.0, "0"),
            (-0.0, "-0"),
            (f64::INFINITY, "+Inf"),
        ];
        for (value, expected) in cases {
            assert_eq!(bound(value), expected);
        }
    }

    #[test]
    fn floats_take_at_most_24_bytes_and_read_back_the_same() {
        for value in [0.1, -0.0, 1e15, 1e16, 123_456.789, f64::MIN_POSITIVE, f64::MAX, 5e-324] {
            let text = SampleValue::F64(value).to_string();
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{text}");
            assert!(text.len() <= 24, "{text}");
        }
        assert_eq!(SampleValue::F64(-3.0).to_string(), "-3");
        assert_eq!(SampleValue::F64(f64::NAN).to_string(), "NaN");
        assert_eq!(SampleValue::F64(f64::NEG_INFINITY).to_string(), "-Inf");
    }
}
