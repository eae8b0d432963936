//! The queries of a Grafana dashboard: of its panels, variables and annotations.

use serde_json::Value;

use super::{Query, Unreadable};

pub(super) fn queries(text: &str) -> Result<Vec<Query>, Unreadable> {
    let dashboard: Value = serde_json::from_str(text).map_err(|error| Unreadable {
        line: u64::try_from(error.line()).unwrap_or(1).max(1),
        message: format!("not a dashboard: {error}"),
    })?;
    // The API of Grafana wraps a dashboard.
    let dashboard = dashboard.get("dashboard").unwrap_or(&dashboard);
    if !["panels", "rows", "templating"].iter().any(|key| dashboard.get(key).is_some()) {
        let message = "not a dashboard: it has no `panels`".to_owned();
        return Err(Unreadable { line: 1, message });
    }
    let mut found = Vec::new();
    collect(dashboard, "", &mut found);
    let mut literals = Literals::new(text);
    let query = |text: String| Query {
        line: literals.line_of(&text),
        text: query_of(&text).unwrap_or_default(),
        record: None,
        has_variables: true,
    };
    let queries = found.into_iter().filter(|text| query_of(text).is_some()).map(query);
    Ok(queries.collect())
}

/// Collects the texts of `expr` anywhere, and of `query` in the list of variables.
fn collect(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, place, found)),
        Value::Object(fields) => {
            // The other types of variables are lists of values and data sources.
            let is_list = fields.get("type").is_some_and(|it| it != "query");
            let is_variable = place == "templating" && !is_list;
            for (name, value) in fields {
                let is_query = name == "expr" || is_variable && name == "query";
                match value.as_str().filter(|_| is_query) {
                    Some(text) => found.push(text.to_owned()),
                    None => {
                        let place = if name == "list" { place } else { name };
                        // `{"query": {"query": "label_values(…)"}}`
                        let place = if is_query { "templating" } else { place };
                        collect(value, place, found);
                    }
                }
            }
        }
        _ => {}
    }
}

/// Returns the PromQL in a text: all of it, or the argument of a function of Grafana. `None` for
/// the query of a variable that needs no metric.
fn query_of(text: &str) -> Option<String> {
    let text = text.trim();
    let argument = |function: &str| text.strip_prefix(function)?.trim().strip_suffix(')');
    if let Some(arguments) = argument("label_values(") {
        // The last argument is the label; a single one has no metric.
        return Some(arguments.rsplit_once(',')?.0.to_owned());
    }
    if let Some(query) = argument("query_result(") {
        return Some(query.to_owned());
    }
    let is_other = ["label_names(", "metrics("].iter().any(|function| text.starts_with(function));
    (!is_other && !text.is_empty()).then(|| text.to_owned())
}

/// The string literals of a JSON text, in their order, each with its line.
struct Literals {
    unused: Vec<(u64, String)>,
}

impl Literals {
    fn new(text: &str) -> Self {
        let mut unused = Vec::new();
        let (mut line, mut rest) = (1, text);
        while let Some(start) = rest.find('"') {
            let (before, from_quote) = rest.split_at(start);
            line += lines(before);
            let end = closing_quote(from_quote);
            let (literal, after) = from_quote.split_at(end);
            if let Ok(decoded) = serde_json::from_str(literal) {
                unused.push((line, decoded));
            }
            rest = after;
        }
        Self { unused }
    }

    /// Returns the line of the first literal with this text that was not asked for before.
    fn line_of(&mut self, text: &str) -> u64 {
        let position = self.unused.iter().position(|(_, literal)| literal == text);
        position.map_or(1, |position| self.unused.remove(position).0)
    }
}

fn lines(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

/// Returns the position after the closing quote of a literal.
fn closing_quote(literal: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in literal.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    literal.len()
}
