//! Parts of queries in PromQL.

use std::borrow::Cow;

use super::FamilySchema;
use crate::name::NameKind;

/// Words that PromQL does not take for the name of a metric.
const RESERVED: [&str; 8] =
    ["atan2", "bool", "group_left", "group_right", "ignoring", "inf", "nan", "on"];

/// Returns the selector of all series with this name, restricted by matchers such as `job="x"`.
/// Matchers can be empty.
pub(super) fn selector(name: &str, matchers: &str) -> String {
    let separator = if matchers.is_empty() { "" } else { "," };
    if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
        return format!("{{__name__={}{separator}{matchers}}}", quoted(name));
    }
    match (NameKind::Metric.is_plain(name), matchers) {
        (true, "") => name.to_owned(),
        (true, _) => format!("{name}{{{matchers}}}"),
        (false, _) => format!("{{{}{separator}{matchers}}}", quoted(name)),
    }
}

/// Returns a string of PromQL in double quotes. Grafana finds no variable in it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '$' | '[' => quoted.push_str(&format!("\\x{:02x}", u32::from(character))),
            _ if character.is_control() => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns the labels by which the series of one target differ, under the names that Prometheus
/// stores: its own labels `job` and `instance` take precedence over those of a metric.
///
/// A constant label is one of them if collectors have different values for it.
pub(super) fn series_labels(family: &FamilySchema) -> impl Iterator<Item = Cow<'_, str>> {
    let differs = |values: &Option<Vec<String>>| values.as_ref().is_none_or(|it| it.len() > 1);
    let labels = family.labels.iter().filter(move |it| !it.is_constant || differs(&it.values));
    labels.map(|label| match &*label.name {
        "job" => Cow::Borrowed("exported_job"),
        "instance" => Cow::Borrowed("exported_instance"),
        name => Cow::Borrowed(name),
    })
}

#[cfg(test)]
mod tests {
    use super::selector;

    #[test]
    fn names_are_quoted_where_they_must_be() {
        for (name, matchers, expected) in [
            ("a_b:c", "", "a_b:c"),
            ("a", r#"job="x""#, r#"a{job="x"}"#),
            ("a.b", "", r#"{"a.b"}"#),
            ("a.b", r#"job="x""#, r#"{"a.b",job="x"}"#),
            ("a\"\\\n$job[[", "", r#"{"a\"\\\u000a\x24job\x5b\x5b"}"#),
            ("Inf", "", r#"{__name__="Inf"}"#),
            ("on", r#"job="x""#, r#"{__name__="on",job="x"}"#),
        ] {
            assert_eq!(selector(name, matchers), expected);
        }
    }
}
