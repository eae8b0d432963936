//! Names, texts, numbers and times of arbitrary families.

use hello_exporter::collect::{MetricType, SampleValue};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Generates names, some from a small set so that families clash.
pub(super) fn name() -> impl Strategy<Value = String> {
    const SUFFIXES: &[&str] = &["", "", "_total", "_info", "_bucket", "_sum", "_count", "_created"];
    let stem = prop_oneof!["[a-c_]{1,2}", "[a-zA-Z_][a-zA-Z0-9_]{0,20}"];
    let name = (stem, select(SUFFIXES)).prop_map(|(stem, suffix)| stem + suffix);
    prop_oneof![50 => name, 1 => Just("_total".to_owned())]
}

pub(super) fn suffixed(
    name: String,
    unit: Option<&str>,
    is_total: bool,
    metric_type: MetricType,
) -> String {
    let name = match unit {
        Some(unit) => format!("{name}_{unit}"),
        None => name,
    };
    match metric_type {
        MetricType::Counter if is_total => name + "_total",
        MetricType::Info => name + "_info",
        // The name is also a label name, which must not begin with `__`.
        MetricType::StateSet if name.starts_with("__") => format!("set{name}"),
        _ => name,
    }
}

pub(super) fn label_name() -> impl Strategy<Value = String> {
    let common = select(vec!["le", "quantile", "a", "b", "_", "__x"]).prop_map(str::to_owned);
    let name = prop_oneof![common, "[a-zA-Z_][a-zA-Z0-9_]{0,12}"];
    name.prop_map(|name| if name.starts_with("__") { format!("x{name}") } else { name })
}

pub(super) fn label_values() -> impl Strategy<Value = [String; 2]> {
    [text(), text()]
}

/// Generates any help that is not blank.
pub(super) fn help() -> impl Strategy<Value = String> {
    text().prop_filter("a help is not blank", |help| !help.trim().is_empty())
}

/// Generates any text, sometimes a long one.
pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![30 => short_text(), 1 => short_text().prop_map(|text| text.repeat(200))]
}

/// Generates a text of ordinary characters and of those that a format or a parser treats specially.
pub(super) fn short_text() -> impl Strategy<Value = String> {
    const SPECIAL: &[char] = &[
        '\\', '\\', '\\', '"', '"', '\n', '\n', 'n', '=', ',', '{', '}', '#', '\r', '\t', ' ',
        '\0', '\u{1f}', '\u{7f}', '\u{85}', '\u{2028}', '\u{feff}', '😀', 'é', '\u{301}',
    ];
    let character =
        prop_oneof![5 => select(SPECIAL), 1 => any::<char>(), 1 => proptest::char::range(' ', '~')];
    vec(character, 0..10).prop_map(String::from_iter)
}

pub(super) fn float() -> impl Strategy<Value = f64> {
    const SPECIAL: &[f64] = &[
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        1e15,
        1e16,
        1e17,
        1e21,
        9_007_199_254_740_991.0,
        9_007_199_254_740_992.0,
        9_007_199_254_740_994.0,
        18_446_744_073_709_551_616.0,
        5e-324,
        f64::MIN_POSITIVE,
        f64::EPSILON,
        f64::MAX,
        f64::MIN,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    prop_oneof![
        select(SPECIAL),
        any::<u64>().prop_map(f64::from_bits),
        any::<i64>().prop_map(|value| value as f64),
        any::<i32>().prop_map(|value| f64::from(value) / 1024.0),
    ]
}

pub(super) fn number() -> BoxedStrategy<SampleValue> {
    prop_oneof![
        float().prop_map(SampleValue::F64),
        any::<u64>().prop_map(SampleValue::U64),
        any::<i64>().prop_map(SampleValue::I64),
    ]
    .boxed()
}

/// Generates an amount that a live counter accepts.
pub(super) fn increment() -> BoxedStrategy<f64> {
    float().prop_map(|value| if value.is_finite() { value.abs() } else { 0.5 }).boxed()
}

/// Generates milliseconds since the Unix epoch, up to some thousands of years before or after it.
///
/// None lies within a second before the epoch: the Python parser of OpenMetrics loses the sign of
/// `-0.500`.
pub(super) fn time() -> impl Strategy<Value = i64> {
    let far = -(1_i64 << 47)..1_i64 << 47;
    let near = -3000..3000_i64;
    prop_oneof![far, near]
        .prop_filter("not in the second before 1970", |it| !(-999..0).contains(it))
}
