//! The names and matchers of a selector.

use std::collections::BTreeSet;

use promql_parser::label::{METRIC_NAME, MatchOp, Matcher};
use promql_parser::parser::VectorSelector;

use super::catalog::{Found, name_limit, nearest};
use super::problem::Problem;
use super::series::{Role, Series, Value};
use super::template::has_variable;
use super::walk::Walker;

impl<'s> Walker<'_, 's> {
    /// Judges a selector, and returns its series.
    pub(super) fn selector(&mut self, selector: &VectorSelector) -> Value<'s> {
        let matchers = &selector.matchers.matchers;
        // Prometheus has no alternatives in a selector.
        if !selector.matchers.or_matchers.is_empty() {
            return Value::unknown();
        }
        let named = matchers.iter().find(|it| it.name == METRIC_NAME && it.op == MatchOp::Equal);
        let Some(name) = selector.name.as_deref().or(named.map(|it| it.value.as_str())) else {
            self.advance(METRIC_NAME);
            for matcher in matchers.iter().filter(|it| it.name == METRIC_NAME) {
                self.name_regex(matcher);
            }
            return Value::unknown();
        };
        let line = self.advance(name);
        let series = match self.catalog.find(name) {
            Found::Series(series) => series.to_vec(),
            Found::Foreign => return Value::unknown(),
            Found::Missing(problem) => {
                self.report(line, problem);
                return Value::unknown();
            }
        };
        self.deprecation(&series, name, line);
        let is_counter = series.iter().all(Series::is_cumulative);
        let counters = is_counter.then(|| (name.to_owned(), line)).into_iter().collect();
        let value = Value { series, counters, ..Value::default() };
        for matcher in matchers.iter().filter(|it| it.name != METRIC_NAME) {
            self.matcher(&value, matcher);
        }
        value
    }

    fn name_regex(&mut self, matcher: &Matcher) {
        if let (MatchOp::Re(_), Some(problem)) = (&matcher.op, self.catalog.unmatched(matcher)) {
            self.report(self.line(), problem);
        }
    }

    /// A name is deprecated if it is so wherever the exporter exposes it.
    fn deprecation(&mut self, series: &[Series<'_>], name: &str, line: usize) {
        let is_current = series.iter().any(|series| series.family.deprecated.is_none());
        let Some(Series { family, name: own, .. }) = series.first().filter(|_| !is_current) else {
            return;
        };
        let suffix = own.strip_prefix(&family.name).unwrap_or_default();
        let renamed = family.renamed_to.as_ref().map(|new| format!("renamed to `{new}{suffix}`"));
        let reason = renamed.or(family.deprecated.clone()).unwrap_or_default();
        self.report(line, Problem::Deprecated { name: name.to_owned(), reason });
    }

    fn matcher(&mut self, value: &Value<'_>, matcher: &Matcher) {
        if has_variable(&matcher.value) || has_variable(&matcher.name) {
            return;
        }
        let problem = self.catalog.label_problem(value, &matcher.name);
        if let Some(problem) = problem.or_else(|| value_problem(value, matcher)) {
            let line = self.line_of(&matcher.name, self.position());
            self.report(line, problem);
        }
    }
}

/// Returns the problem of a matcher that the possible values of its label make useless. A matcher
/// for an empty value also selects series without the label.
fn value_problem(value: &Value<'_>, matcher: &Matcher) -> Option<Problem> {
    if let Some(problem) = bound_problem(value, matcher) {
        return Some(problem);
    }
    let expected = closed_values(value, &matcher.name)?;
    if matcher.is_match("") && matches!(matcher.op, MatchOp::Equal | MatchOp::Re(_))
        || expected.iter().any(|value| matcher.is_match(value))
    {
        return None;
    }
    let names = value.names();
    let (label, value) = (matcher.name.clone(), matcher.value.clone());
    Some(match matcher.op {
        MatchOp::Equal => {
            let known = expected.iter().map(String::as_str);
            let suggestion = nearest(&value, known, name_limit(&value));
            Problem::LabelValue { names, label, value, suggestion, expected }
        }
        MatchOp::Re(_) => Problem::LabelRegex { names, label, regex: value, expected },
        MatchOp::NotEqual => Problem::Excluded { names, label, operator: "!=", value, expected },
        MatchOp::NotRe(_) => Problem::Excluded { names, label, operator: "!~", value, expected },
    })
}

/// Returns all values of a label, if the schema lists them.
fn closed_values(value: &Value<'_>, label: &str) -> Option<BTreeSet<String>> {
    let labels = value.series.iter().filter_map(|series| series.label(label));
    let lists: Option<Vec<&Vec<String>>> = labels.map(|label| label.values.as_ref()).collect();
    let values: BTreeSet<String> = lists?.into_iter().flatten().cloned().collect();
    (!values.is_empty()).then_some(values)
}

/// Returns the problem of `le="…"` with a bound that no bucket has. Bounds are compared as numbers:
/// Prometheus 3 writes `1.0`, and older ones write `1`.
fn bound_problem(value: &Value<'_>, matcher: &Matcher) -> Option<Problem> {
    let has_bounds =
        |series: &Series<'_>| series.role == Role::Bucket && !series.family.buckets.is_empty();
    if matcher.name != "le" || matcher.op != MatchOp::Equal || !value.series.iter().all(has_bounds)
    {
        return None;
    }
    let bounds = || value.series.iter().flat_map(|series| &series.family.buckets);
    let bound: Option<f64> = matcher.value.parse().ok();
    let is_bound = |bound: f64| bound == f64::INFINITY || bounds().any(|it| *it == bound);
    let expected = bounds().map(f64::to_string).chain(["+Inf".to_owned()]).collect();
    (!bound.is_some_and(is_bound)).then(|| Problem::LabelValue {
        names: value.names(),
        label: matcher.name.clone(),
        value: matcher.value.clone(),
        suggestion: None,
        expected,
    })
}
