//! The published cases of client_golang: the table of its test of native histograms.

use std::fmt::Write;
use std::time::Duration;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const ONES_AND_TWOS: &[f64] = &[0.0, 1.0, 1.2, 1.4, 1.8, 2.0];
const SMALL: &[f64] = &[0.0, 1.0, 1.1, 1.2, 1.4, 1.8, 2.0, 3.0, 4.0];

fn options(factor: f64) -> NativeBuckets {
    NativeBuckets::new().factor(factor).max_buckets(0)
}

fn limited() -> NativeBuckets {
    options(1.2).max_buckets(4)
}

fn observed(options: NativeBuckets, values: &[f64]) -> NativeHistogram {
    let histogram = histogram(options);
    values.iter().for_each(|value| histogram.observe(*value));
    histogram
}

/// Renders the count, the schema, the zero bucket, and for each sign spans and deltas.
fn rendered(point: NativePoint<'_>) -> String {
    let NativePoint { schema, zero_threshold, zero_count, count, .. } = point;
    let threshold = if zero_threshold == 2.0_f64.powi(-128) {
        "default".to_owned()
    } else {
        zero_threshold.to_string()
    };
    let mut text = format!("{count} in schema {schema}, zero {zero_count} up to {threshold}");
    for (name, SparseBuckets { spans, deltas }) in [("+", point.positive), ("-", point.negative)] {
        if !spans.is_empty() {
            let spans: Vec<_> = spans.iter().map(|span| (span.offset, span.length)).collect();
            write!(text, ", {name} {spans:?} {deltas:?}").unwrap();
        }
    }
    text
}

/// Checks a case, and the same one with the opposite sign.
#[track_caller]
fn check(options: NativeBuckets, values: &[f64], expected: &str) {
    let values_text = format!("{values:?}");
    assert_eq!(rendered(read(&observed(options, values)).point()), expected, "{values_text}");
    let negative: Vec<f64> = values.iter().map(|value| -value).collect();
    let swapped = expected.replace("+ ", "! ").replace(", - ", ", + ").replace("! ", "- ");
    if !expected.contains(", - ") {
        let histogram = observed(options, &negative);
        assert_eq!(rendered(read(&histogram).point()), swapped, "opposite of {values_text}");
    }
}

#[test]
fn the_factor_gives_the_schema() {
    check(
        options(1.1),
        &[0.0, 1.0, 2.0, 3.0],
        "4 in schema 3, zero 1 up to default, + [(0, 1), (7, 1), (4, 1)] [1, 0, 0]",
    );
    check(
        options(1.2),
        ONES_AND_TWOS,
        "6 in schema 2, zero 1 up to default, + [(0, 5)] [1, -1, 2, -2, 2]",
    );
    let wide = [0.5, 1.0, 1.5, 2.0, 3.0, 3.5, 5.0, 6.0, 7.0, 33.33];
    check(options(4.0), &wide, "10 in schema -1, zero 0 up to default, + [(0, 4)] [2, 2, -1, -2]");
    check(options(17.0), &wide, "10 in schema -2, zero 0 up to default, + [(0, 3)] [2, 5, -6]");
}

#[test]
fn both_signs_and_a_zero_bucket() {
    let values = [0.0, -1.0, -1.2, -1.4, -1.8, -2.0, 1.0, 1.2, 1.4, 1.8, 2.0];
    check(
        options(1.2),
        &values,
        "11 in schema 2, zero 1 up to default, + [(0, 5)] [1, -1, 2, -2, 2], \
         - [(0, 5)] [1, -1, 2, -2, 2]",
    );
    check(
        options(1.2).zero_threshold(1.4),
        &values,
        "11 in schema 2, zero 7 up to 1.4, + [(4, 1)] [2], - [(4, 1)] [2]",
    );
}

#[test]
fn nan_and_infinities() {
    let with = |value: f64| [ONES_AND_TWOS, &[value]].concat();
    check(
        options(1.2),
        &with(f64::NAN),
        "7 in schema 2, zero 1 up to default, + [(0, 5)] [1, -1, 2, -2, 2]",
    );
    check(
        options(1.2),
        &with(f64::INFINITY),
        "7 in schema 2, zero 1 up to default, + [(0, 5), (4092, 1)] [1, -1, 2, -2, 2, -1]",
    );
    check(
        options(1.2),
        &with(f64::NEG_INFINITY),
        "7 in schema 2, zero 1 up to default, + [(0, 5)] [1, -1, 2, -2, 2], - [(4097, 1)] [1]",
    );
}

#[test]
fn the_limit_halves_the_resolution() {
    check(
        limited(),
        ONES_AND_TWOS,
        "6 in schema 2, zero 1 up to default, + [(0, 5)] [1, -1, 2, -2, 2]",
    );
    check(
        limited(),
        &SMALL[..8],
        "8 in schema 1, zero 1 up to default, + [(0, 5)] [1, 2, -1, -2, 1]",
    );
}

#[test]
fn the_limit_widens_the_zero_bucket() {
    check(
        limited().max_zero_threshold(1.2),
        &SMALL[..8],
        "8 in schema 2, zero 2 up to 1, + [(1, 7)] [1, 1, -2, 2, -2, 0, 1]",
    );
    check(
        limited().max_zero_threshold(1.2),
        SMALL,
        "9 in schema 2, zero 3 up to 1.189207115002721, + [(2, 7)] [2, -2, 2, -2, 0, 1, 0]",
    );
}

#[test]
fn a_reset_is_due_after_a_widening() {
    let start = Instant::now();
    let histogram = NativeHistogram::at(layout(limited().min_reset(9 * MINUTE)), start);
    assert!(!histogram.is_reset_due(|| start + 10 * MINUTE));
    SMALL[..8].iter().for_each(|value| histogram.observe(*value));
    assert!(!histogram.is_reset_due(|| start + 8 * MINUTE));
    assert!(histogram.is_reset_due(|| start + 9 * MINUTE));
    assert_eq!(read(&histogram).point().schema, 1);
    reset(&histogram, start + 9 * MINUTE);
    assert!(!histogram.is_reset_due(|| start + 20 * MINUTE));
    histogram.observe(3.0);
    let expected = "1 in schema 2, zero 0 up to default, + [(7, 1)] [1]";
    assert_eq!(rendered(read(&histogram).point()), expected);
}

#[test]
fn an_empty_histogram_without_zero_threshold_has_an_empty_span() {
    let expected = "0 in schema 2, zero 0 up to default";
    assert_eq!(rendered(read(&observed(limited(), &[])).point()), expected);
    let expected = "0 in schema 2, zero 0 up to 0, + [(0, 0)] []";
    let histogram = observed(limited().zero_threshold(0.0), &[]);
    assert_eq!(rendered(read(&histogram).point()), expected);
}

#[test]
fn factors_at_the_ends_have_the_last_schemas() {
    let factors = [
        (f64::NAN, 8),
        (-1.0, 8),
        (1.0, 8),
        (1.002, 8),
        (1.0027112750502025, 8),
        (1.00543, 7),
        (1.0905077326652577, 3),
        (1.0905077326652575, 4),
        (2.0, 0),
        (1.9999, 1),
        (65535.0, -3),
        (65536.0, -4),
        (f64::INFINITY, -4),
    ];
    for (factor, schema) in factors {
        assert_eq!(NativeBuckets::new().factor(factor).schema, schema, "{factor}");
    }
}
