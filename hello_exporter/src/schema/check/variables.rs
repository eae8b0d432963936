//! Variables of Grafana in queries.

use promql_parser::parser::{Expr, parse as parse_promql};

/// Stands for the value of a variable.
pub(super) const UNKNOWN: &str = "grafana__variable";

/// Parses a query with placeholders for the variables. Returns `None` if the query cannot be parsed
/// without their values.
pub(super) fn parse(text: &str) -> Result<Option<Expr>, String> {
    let (with_name, has_variables) = replaced(text, UNKNOWN);
    let parsed = parse_promql(&with_name);
    if parsed.is_ok() || !has_variables {
        return parsed.map(Some);
    }
    // A variable may also be a number.
    let (with_number, _) = replaced(text, "1");
    Ok(parse_promql(&with_number).ok())
}

/// Replaces variables: in brackets by a duration, in quotes by [`UNKNOWN`], and elsewhere by
/// `bare`. Returns whether there are any other than those of time ranges.
fn replaced(text: &str, bare: &str) -> (String, bool) {
    let mut out = String::new();
    let (mut quote, mut is_range, mut has_variables) = (None, false, false);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some((name, after)) = variable(rest) {
            let known = known(name);
            has_variables |= known.is_none();
            out.push_str(match known {
                Some(value) => value,
                None if quote.is_some() => UNKNOWN,
                None if is_range => "5m",
                None => bare,
            });
            rest = after;
            continue;
        }
        match character {
            '"' | '\'' | '`' if quote.is_none() => quote = Some(character),
            _ if quote == Some(character) => quote = None,
            '[' if quote.is_none() => is_range = true,
            ']' if quote.is_none() => is_range = false,
            _ => {}
        }
        out.push(character);
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    (out, has_variables)
}

/// Returns the name of the variable that a text begins with, and the text after it: `$name`,
/// `${name}`, `${name:format}` or `[[name]]`.
fn variable(text: &str) -> Option<(&str, &str)> {
    let is_of_name = |character: char| character == '_' || character.is_ascii_alphanumeric();
    let braced = |text: &'_ str, end: &str| -> Option<(usize, usize)> {
        let length = text.find(end)?;
        Some((length, length + end.len()))
    };
    if let Some(tail) = text.strip_prefix("${") {
        let (length, after) = braced(tail, "}")?;
        let name = tail.get(..length)?.split([':', '.']).next()?;
        return Some((name, tail.get(after..)?));
    }
    if let Some(tail) = text.strip_prefix("[[") {
        let (length, after) = braced(tail, "]]")?;
        let name = tail.get(..length)?;
        let is_name = !name.is_empty() && name.chars().all(|it| is_of_name(it) || it == ':');
        return is_name.then(|| Some((name, tail.get(after..)?)))?;
    }
    let tail = text.strip_prefix('$')?;
    let length = tail.find(|character| !is_of_name(character)).unwrap_or(tail.len());
    (length > 0).then(|| Some((tail.get(..length)?, tail.get(length..)?)))?
}

/// Returns a value of a variable that Grafana defines itself.
fn known(name: &str) -> Option<&'static str> {
    match name {
        "__rate_interval" | "__interval" | "__range" | "__auto" => Some("5m"),
        "__range_s" | "__interval_ms" | "__range_ms" | "__from" | "__to" => Some("300"),
        _ => None,
    }
}
