//! The mistakes that can be found, with their messages.

use std::collections::BTreeSet;

/// A mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    /// The file is neither rules nor a dashboard.
    #[error("{0}")]
    File(String),
    /// The parser's message.
    #[error("invalid expression: {0}")]
    Syntax(String),
    #[error("there is no metric `{name}`{}", did_you_mean(suggestion))]
    Metric { name: String, suggestion: Option<String> },
    #[error("no metric has a name that matches `{0}`")]
    NameRegex(String),
    #[error(
        "`{0}` is a histogram without native buckets, expected `{0}_bucket`, `{0}_sum` or \
         `{0}_count`"
    )]
    NotNative(String),
    #[error("`{name}` is deprecated: {reason}")]
    Deprecated { name: String, reason: String },
    #[error("{} no label `{label}`{}", have(names), did_you_mean(suggestion))]
    Label { names: BTreeSet<String>, label: String, suggestion: Option<String> },
    #[error(
        "label `{label}` of {} is never `{value}`{}",
        listed(names),
        or_one_of(suggestion, expected)
    )]
    LabelValue {
        names: BTreeSet<String>,
        label: String,
        value: String,
        suggestion: Option<String>,
        expected: BTreeSet<String>,
    },
    #[error(
        "label `{label}` of {} never matches `{regex}`, expected one of {}",
        listed(names),
        listed(expected)
    )]
    LabelRegex { names: BTreeSet<String>, label: String, regex: String, expected: BTreeSet<String> },
    #[error(
        "`{label}{operator}\"{value}\"` excludes all series of {}: the label is always {}",
        listed(names),
        one_of(expected)
    )]
    Excluded {
        names: BTreeSet<String>,
        label: String,
        operator: &'static str,
        value: String,
        expected: BTreeSet<String>,
    },
    #[error("`{function}()` of `{name}`, which is {kind}, expected a counter")]
    Rate { function: &'static str, name: String, kind: String },
    #[error("`{function}()` of `{name}`, which is {kind}, expected a histogram")]
    Quantile { function: &'static str, name: String, kind: String },
    #[error("`{0}` only goes up, expected `rate()` or `increase()` of it")]
    Counter(String),
}

/// Returns the texts in backticks, joined by commas.
fn listed(texts: &BTreeSet<String>) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("`{text}`")).collect();
    texts.join(", ")
}

fn one_of(texts: &BTreeSet<String>) -> String {
    let one_of = if texts.len() > 1 { "one of " } else { "" };
    format!("{one_of}{}", listed(texts))
}

fn have(names: &BTreeSet<String>) -> String {
    let have = if names.len() > 1 { "have" } else { "has" };
    format!("{} {have}", listed(names))
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion.iter().map(|name| format!(", did you mean `{name}`?")).collect()
}

fn or_one_of(suggestion: &Option<String>, expected: &BTreeSet<String>) -> String {
    match suggestion {
        Some(_) => did_you_mean(suggestion),
        None => format!(", expected {}", one_of(expected)),
    }
}
