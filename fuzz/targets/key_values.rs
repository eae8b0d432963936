//! Lines of `key:value` and parts of `key=value` are read as a simple reader reads them.

#![no_main]

use std::collections::BTreeMap;

use hello_exporter::key_values::KeyValues;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lines: Vec<_> = text.split('\n').filter_map(|line| line.split_once(':')).collect();
    check(&KeyValues::of_lines(text), &lines);
    let parts: Vec<_> = text.split(',').filter_map(|part| part.split_once('=')).collect();
    check(&KeyValues::of_parts(text), &parts);
});

fn check(values: &KeyValues<'_>, pairs: &[(&str, &str)]) {
    let expected: BTreeMap<&str, &str> =
        pairs.iter().map(|(key, text)| (key.trim(), text.trim())).collect();
    assert!(values.iter().eq(expected.clone()));
    for (key, text) in expected {
        check_value(values, key, text);
    }
    for (number, entry) in values.numbered("disk") {
        let entries = values.entries("disk");
        let mut named = entries.iter().filter(|(name, _)| name.parse() == Ok(number));
        assert!(named.any(|(_, parts)| parts.iter().eq(entry.iter())), "{number}");
    }
}

fn check_value(values: &KeyValues<'_>, key: &str, text: &str) {
    assert_eq!(values.text(key), Some(text));
    assert_eq!(values.get(key), Ok(Some(text)));
    let state = state(text);
    let invalid = |expected: &str| format!("invalid value of `{key}`, expected {expected}");
    let integer = state.map(u64::from).or(text.parse().ok());
    let read = values.get::<u64>(key).map(Option::unwrap);
    assert_eq!(read.map_err(|error| error.to_string()), integer.ok_or(invalid("u64")));
    let signed = state.map(i64::from).or(text.parse().ok());
    let read = values.get::<Option<i64>>(key).map(Option::unwrap);
    assert_eq!(read.map_err(|error| error.to_string()), signed.map(Some).ok_or(invalid("i64")));
    let float: Option<f64> = state.map(f64::from).or(text.parse().ok());
    let read = values.get::<f64>(key).map(Option::unwrap);
    let (read, expected) = (read.map(f64::to_bits), float.map(f64::to_bits));
    assert_eq!(read.map_err(|error| error.to_string()), expected.ok_or(invalid("f64")));
    let boolean = float.filter(|number| [0.0, 1.0].contains(number)).map(|number| number == 1.0);
    let read = values.get::<bool>(key).map(Option::unwrap);
    assert_eq!(read.map_err(|error| error.to_string()), boolean.ok_or(invalid("a boolean")));
    assert_eq!(values.get::<char>(key).is_ok(), text.chars().count() == 1);
}

fn state(text: &str) -> Option<bool> {
    match &*text.to_ascii_lowercase() {
        "true" | "yes" | "on" | "ok" | "up" => Some(true),
        "false" | "no" | "off" | "err" | "fail" | "down" => Some(false),
        _ => None,
    }
}
