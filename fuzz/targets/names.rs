//! The lines of the input are names. An escaped name is plain, and names under `escaping=values`
//! and in quotes are read back.

#![no_main]

use hello_exporter::fuzzing::name::{clash, escaped, is_plain, rendered, unquoted};
use hello_exporter::registry::Escaping;
use libfuzzer_sys::fuzz_target;

const CHANGING: [Escaping; 3] = [Escaping::Underscores, Escaping::Dots, Escaping::Values];

fuzz_target!(|input: &str| {
    let (one, other) = input.split_once('\n').unwrap_or((input, ""));
    for is_metric in [true, false] {
        for name in [one, other].into_iter().filter(|name| !name.is_empty()) {
            check(is_metric, name);
        }
        check_clash(is_metric, one, other);
    }
    // A name in quotes can contain every character.
    assert_eq!(unquoted(&rendered(true, input)), input);
    unquoted(&format!("\"{input}"));
});

fn check(is_metric: bool, name: &str) {
    for escaping in CHANGING {
        let escaped = escaped(is_metric, name, escaping);
        assert!(is_plain(is_metric, &escaped), "{name}: {escaped}");
        assert_eq!(escaped == name, is_plain(is_metric, name), "{name}: {escaped}");
    }
    assert_eq!(escaped(is_metric, name, Escaping::AllowUtf8), name);
    if !is_plain(is_metric, name) {
        assert_eq!(unescaped(&escaped(is_metric, name, Escaping::Values)), name);
    }
    let rendered = rendered(is_metric, name);
    assert_eq!(unquoted(&rendered), name);
    assert!(!rendered.contains('\n') && (rendered == name) == is_plain(is_metric, name));
}

fn check_clash(is_metric: bool, one: &str, other: &str) {
    let all = [Escaping::AllowUtf8].into_iter().chain(CHANGING);
    let is_same = |it: &Escaping| escaped(is_metric, one, *it) == escaped(is_metric, other, *it);
    let expected = all.into_iter().find(is_same);
    assert_eq!(clash(is_metric, one, other), expected);
    assert_eq!(clash(is_metric, other, one), expected);
}

/// Undoes `escaping=values`, as `model.UnescapeName` of prometheus/common does.
fn unescaped(escaped: &str) -> String {
    let mut rest = escaped.strip_prefix("U__").unwrap();
    let mut name = String::new();
    while let Some((before, after)) = rest.split_once('_') {
        name.push_str(before);
        let (code, after) = after.split_once('_').unwrap();
        match code {
            "" => name.push('_'),
            _ => name.push(u32::from_str_radix(code, 16).unwrap().try_into().unwrap()),
        }
        rest = after;
    }
    name + rest
}
