//! The queries of a Prometheus rule file.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Query, Unreadable};

#[derive(Deserialize)]
#[serde(expecting = "a rule file, with `groups`")]
struct File {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(expecting = "a group of rules")]
struct Group {
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(expecting = "a rule, with `expr`")]
struct Rule {
    record: Option<String>,
    expr: Spanned<String>,
}

pub(super) fn queries(text: &str) -> Result<Vec<Query>, Unreadable> {
    let options = serde_saphyr::options! { with_snippet: false };
    let file: File = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        Unreadable { line, message: format!("neither a rule file nor a dashboard: {error}") }
    })?;
    let rules = file.groups.into_iter().flat_map(|group| group.rules);
    let query = |rule: Rule| {
        let Spanned { value, referenced, .. } = rule.expr;
        Query { line: referenced.line(), text: value, record: rule.record, has_variables: false }
    };
    Ok(rules.map(query).collect())
}
