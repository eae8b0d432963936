//! Files of Prometheus rules.

use serde::Deserialize;
use serde_saphyr::{MessageFormatter, Spanned, UserMessageFormatter};

use super::file::{Content, Expression, FileError};

/// A file of rules, or a Kubernetes resource, which has the groups in its `spec`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    groups: Option<Vec<Group>>,
    spec: Option<Spec>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    groups: Option<Vec<Group>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group {
    rules: Option<Vec<Rule>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Rule {
    record: Option<String>,
    expr: Option<Spanned<String>>,
}

/// Parses a file of rules.
pub(super) fn parse(text: &str) -> Result<Content<'_>, (usize, FileError)> {
    if text.lines().any(|line| line.trim_start().starts_with("{{")) {
        return Err((1, FileError::Template));
    }
    // The author of the file is trusted: a long file may have many nodes.
    let budget = serde_saphyr::budget! { max_nodes: text.len().max(1_000) };
    let options = serde_saphyr::options! { with_snippet: false, budget: budget };
    let files: Vec<Option<File>> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(invalid)?;
    let has_groups = |file: &File| file.groups.is_some() || file.spec.is_some();
    let files: Vec<File> = files.into_iter().flatten().collect();
    if !files.iter().any(has_groups) {
        return Err((1, FileError::NoGroups));
    }
    let groups = files
        .into_iter()
        .filter_map(|File { groups, spec }| groups.or(spec.and_then(|spec| spec.groups)));
    let mut content = Content::default();
    for rule in groups.flatten().flat_map(|group| group.rules.unwrap_or_default()) {
        content.recorded.extend(rule.record);
        content.expressions.extend(rule.expr.map(|expr| expression(text, expr)));
    }
    Ok(content)
}

fn invalid(error: serde_saphyr::Error) -> (usize, FileError) {
    let line = error.location().map_or(1, |location| location.line());
    let message = UserMessageFormatter.format_message(&error).into_owned();
    (usize::try_from(line).unwrap_or(1), FileError::Yaml(message))
}

fn expression(text: &str, expr: Spanned<String>) -> Expression<'_> {
    let Spanned { value, defined, .. } = expr;
    Expression {
        text: value,
        line: usize::try_from(defined.line()).unwrap_or(1),
        source: source(text, defined.span()).unwrap_or_default(),
        ..Expression::default()
    }
}

/// Returns the part of the text that a span covers.
fn source(text: &str, span: serde_saphyr::Span) -> Option<&str> {
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    text.get(start..start.checked_add(length)?)
}
