//! Numbers and bounds are written in full, and read back the same.

#![no_main]

use std::fmt::Write;

use hello_exporter::collect::SampleValue;
use hello_exporter::fuzzing::encode::{append_bound, append_number};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u64, u8)| {
    let (bits, shift) = input;
    assert_eq!(number(bits.into()), bits.to_string());
    assert_eq!(number((bits as i64).into()), (bits as i64).to_string());
    let power = 10_f64.powi(i32::from(shift % 20));
    let floats = [
        f64::from_bits(bits),
        f64::from(f32::from_bits(bits as u32)),
        bits as f64,
        bits as i64 as f64,
        (bits >> (shift % 64)) as f64,
        (bits >> 12) as f64 / power,
        -((bits >> 40) as f64 / power),
    ];
    floats.into_iter().for_each(check_float);
});

fn check_float(value: f64) {
    let written = number(value.into());
    assert_eq!(written, SampleValue::from(value).to_string());
    assert_eq!(written, expected(value, -5..16, 1), "{value:e}");
    assert!(written.len() <= 24, "{written}");
    assert_reads_back(&written, value);
    let bound = |as_float| text(|out| append_bound(value, as_float, out));
    // Bounds are laid out as Go does it.
    let go = expected(value, -4..6, 2);
    assert_eq!(bound(false), go, "{value:e}");
    let is_integer = go.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    assert_eq!(bound(true), if is_integer { go.clone() + ".0" } else { go });
    assert_reads_back(&bound(true), value);
}

fn number(value: SampleValue) -> String {
    text(|out| append_number(value, out))
}

fn text(append: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    append(&mut out);
    String::from_utf8(out).unwrap()
}

fn assert_reads_back(text: &str, value: f64) {
    let read: f64 = text.parse().unwrap();
    assert!(read.to_bits() == value.to_bits() || read.is_nan() && value.is_nan(), "{text}");
}

/// Returns the shortest digits of a float and its exponent. Of two digits that are equally near,
/// the last one is even.
fn shortest(value: f64) -> (String, i32) {
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap();
    // Such a float has 18 digits, so that more than 40 make no difference.
    let exact = format!("{value:.40e}");
    let exact = exact.split_once('e').unwrap().0.trim_end_matches('0');
    let even = exact.strip_suffix('5').filter(|down| {
        down.len() == mantissa.len()
            && down.ends_with(['0', '2', '4', '6', '8'])
            && format!("{down}e{exponent}").parse() == Ok(value)
    });
    let mantissa = even.unwrap_or(mantissa);
    (mantissa.to_owned(), exponent.parse().unwrap())
}

/// Returns the shortest text of a float. If its decimal exponent is not in `plain`, the exponent is
/// written, in at least `digits` digits.
fn expected(value: f64, plain: std::ops::Range<i32>, digits: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        }
        .to_owned();
    }
    let (mantissa, exponent) = shortest(value.abs());
    let mut text = String::from(if value.is_sign_negative() { "-" } else { "" });
    if !plain.contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(text, "{mantissa}e{sign}{:0digits$}", exponent.abs()).unwrap();
        return text;
    }
    let mantissa: String = mantissa.chars().filter(|it| *it != '.').collect();
    let (before, after) = match usize::try_from(exponent) {
        Ok(exponent) => {
            let padded = format!("{mantissa:0<width$}", width = exponent + 1);
            let (before, after) = padded.split_at(exponent + 1);
            (before.to_owned(), after.to_owned())
        }
        Err(_) => {
            let zeros = "0".repeat(usize::try_from(-exponent).unwrap() - 1);
            ("0".to_owned(), zeros + &mantissa)
        }
    };
    text.push_str(&before);
    if !after.is_empty() {
        write!(text, ".{after}").unwrap();
    }
    text
}
