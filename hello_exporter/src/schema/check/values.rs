//! Matchers of labels whose values are all known.

use promql_parser::label::{MatchOp, Matcher};

use super::names::{Known, Part, closed, nearest};

/// Returns what is wrong with a matcher of a label that the family has.
pub(super) fn mistake(metric: &str, known: Known<'_>, matcher: &Matcher) -> Option<String> {
    let label = &matcher.name;
    if label == "le" && known.part == Part::Bucket {
        return bucket(metric, known, matcher);
    }
    let values = closed(known.family.label(label)?)?;
    // The empty value is that of series without the label.
    let is_possible = |value: &str| value.is_empty() || values.iter().any(|it| it == value);
    let is_match = |value: &str| matcher.is_match(value);
    let any_match = values.iter().any(|value| is_match(value)) || is_match("");
    let value = &matcher.value;
    match matcher.op {
        MatchOp::Equal | MatchOp::NotEqual if !is_possible(value) => {
            let hint = match nearest(value, values.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("expected one of {}", listed(values)),
            };
            Some(format!("label `{label}` of `{metric}` is never `{value}`, {hint}"))
        }
        MatchOp::Re(_) if !any_match => Some(format!(
            "`{value}` matches no value of label `{label}` of `{metric}`: {}",
            listed(values)
        )),
        MatchOp::NotEqual | MatchOp::NotRe(_) if !values.iter().any(|value| is_match(value)) => {
            Some(format!(
                "`{label}{}\"{value}\"` excludes every series of `{metric}`: the values are {}",
                matcher.op,
                listed(values)
            ))
        }
        _ => None,
    }
}

/// Returns what is wrong with a matcher of a bucket's bound. Prometheus 3 stores `1` as `1.0`.
fn bucket(metric: &str, known: Known<'_>, matcher: &Matcher) -> Option<String> {
    let bounds = &known.family.buckets;
    if bounds.is_empty() || !matches!(matcher.op, MatchOp::Equal) {
        return None;
    }
    let bound: f64 = matcher.value.parse().ok()?;
    let is_possible = bound == f64::INFINITY || bounds.contains(&bound);
    let listed: Vec<String> = bounds.iter().map(f64::to_string).collect();
    (!is_possible).then(|| {
        let value = &matcher.value;
        format!("`{metric}` has no bucket up to {value}, expected one of {}", listed.join(", "))
    })
}

fn listed(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    values.join(", ")
}
