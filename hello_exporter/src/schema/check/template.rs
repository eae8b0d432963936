//! Expressions with variables of Grafana.

use std::borrow::Cow;

use promql_parser::parser::{self, Expr};

use super::file::Expression;
use crate::panic::catch;

/// Stands for a variable in a name or a string.
const VARIABLE: &str = "__grafana_variable__";

/// The most variables for which all combinations of names and numbers are tried.
const MOST_VARIABLES: usize = 4;

/// The operators that are words, in upper or lower case.
const OPERATORS: [&str; 4] = ["and", "atan2", "or", "unless"];

/// The result of parsing.
pub(super) enum Query {
    Parsed(Expr),
    /// The parser's message, in one line.
    Invalid(String),
    /// It depends on the values of variables, or is not PromQL.
    Unknown,
}

/// Returns whether a part of the text comes from a variable.
pub(super) fn has_variable(text: &str) -> bool {
    text.contains(VARIABLE)
}

impl Query {
    /// Parses an expression. A variable in brackets is a duration; other ones are a part of a
    /// string, a name or a number.
    pub(super) fn parse(expression: &Expression<'_>) -> Self {
        let template = match expression.is_template {
            true => Template::new(&expression.text),
            false => Template { texts: vec![expression.text.clone()] },
        };
        let variables = template.texts.len().saturating_sub(1);
        let combinations = match variables {
            0..=MOST_VARIABLES => 1_usize << variables,
            _ => 1,
        };
        let mut parsed = (0..combinations).map(|numbers| parse(&template.with(numbers)));
        match parsed.next() {
            Some(Ok(query)) => Self::Parsed(query),
            Some(Err(message)) if variables == 0 && !expression.is_guess => {
                Self::Invalid(message.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            _ => parsed.find_map(Result::ok).map_or(Self::Unknown, Self::Parsed),
        }
    }
}

/// The parser panics at durations that are out of range, e.g. `offset 1e30`. It calls itself for
/// each operator and bracket, so that an expression with very many would overflow the stack.
fn parse(text: &str) -> Result<Expr, String> {
    const MOST_PARTS: usize = 1_000;
    let operators = text.bytes().filter(|byte| b"([{+-*/%^=<>".contains(byte)).count();
    let words = text.split(|it: char| !it.is_ascii_alphanumeric() && it != '_' && it != ':');
    let words =
        words.filter(|it| OPERATORS.iter().any(|word| it.eq_ignore_ascii_case(word))).count();
    if operators + words > MOST_PARTS {
        return Err(format!("more than {MOST_PARTS} operators and brackets"));
    }
    let text = without_raw_strings(text);
    catch(|| parser::parse(&text)).unwrap_or_else(|panic| Err(panic.to_string()))
}

/// Returns the text with strings in double quotes instead of backticks, in which the parser takes
/// backslashes for escapes.
fn without_raw_strings(text: &str) -> Cow<'_, str> {
    if !text.contains('`') {
        return Cow::Borrowed(text);
    }
    let (mut out, mut quote, mut is_escaped) = (String::new(), None, false);
    for character in text.chars() {
        match (quote, character) {
            (None, '`') | (Some('`'), '`') => out.push('"'),
            (Some('`'), '"' | '\\') => out.extend(['\\', character]),
            (Some('`'), '\n') => out.push_str("\\n"),
            _ => out.push(character),
        }
        quote = match quote {
            _ if is_escaped => quote,
            Some(open) if open == character => None,
            None if matches!(character, '"' | '\'' | '`') => Some(character),
            _ => quote,
        };
        is_escaped = !is_escaped && character == '\\' && matches!(quote, Some('"' | '\''));
    }
    Cow::Owned(out)
}

/// The texts before, between and after those variables that are a name or a number.
struct Template {
    texts: Vec<String>,
}

impl Template {
    fn new(text: &str) -> Self {
        let mut scanner = Scanner::default();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            rest = match variable(rest).filter(|_| !scanner.is_comment) {
                Some(length) => {
                    let after = rest.get(length..).unwrap_or_default();
                    scanner.variable(after);
                    after
                }
                None => {
                    scanner.character(character);
                    rest.get(character.len_utf8()..).unwrap_or_default()
                }
            };
        }
        scanner.texts.push(scanner.text);
        Self { texts: scanner.texts }
    }

    /// Returns the text with a number for each variable whose bit is set, and a name for others.
    fn with(&self, numbers: usize) -> String {
        let mut text = String::new();
        for (index, part) in self.texts.iter().enumerate() {
            if let Some(variable) = index.checked_sub(1) {
                let bit = u32::try_from(variable).ok().and_then(|bit| numbers.checked_shr(bit));
                let is_number = bit.is_some_and(|bit| bit & 1 == 1);
                text.push_str(if is_number { "1" } else { VARIABLE });
            }
            text.push_str(part);
        }
        text
    }
}

/// Follows the strings, brackets and comments of an expression.
#[derive(Default)]
struct Scanner {
    texts: Vec<String>,
    text: String,
    quote: Option<char>,
    is_escaped: bool,
    is_comment: bool,
    /// Whether this is a range, or the resolution of a subquery.
    is_range: bool,
}

impl Scanner {
    fn character(&mut self, character: char) {
        self.text.push(character);
        match (self.quote, character) {
            _ if self.is_comment => self.is_comment = character != '\n',
            (Some(_), _) if self.is_escaped => self.is_escaped = false,
            (Some('"' | '\''), '\\') => self.is_escaped = true,
            (Some(quote), _) if quote == character => self.quote = None,
            (None, '"' | '\'' | '`') => self.quote = Some(character),
            (None, '[') => self.is_range = true,
            (None, ']') => self.is_range = false,
            (None, '#') => self.is_comment = true,
            _ => {}
        }
    }

    /// Replaces a variable, or leaves it open.
    fn variable(&mut self, after: &str) {
        self.is_escaped = false;
        match (self.quote, self.is_range) {
            (Some(_), _) => self.text.push_str(VARIABLE),
            // The unit can follow, as in `[${__range_s}s]`.
            (None, true) if after.starts_with(char::is_alphabetic) => self.text.push('1'),
            (None, true) => self.text.push_str("1m"),
            (None, false) => self.texts.push(std::mem::take(&mut self.text)),
        }
    }
}

/// Returns the length of the variable that begins the text: `$name`, `${name}`, `${name:format}`,
/// `[[name]]` or `[[name:format]]`.
fn variable(text: &str) -> Option<usize> {
    let name = |text: &str| {
        let end = text.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
        Some(end.unwrap_or(text.len())).filter(|length| *length > 0)
    };
    let enclosed = |rest: &str, end: &str| {
        let after = rest.get(name(rest)?..)?;
        let length = after.find(end)?;
        let options = after.get(..length)?;
        let is_name = options.is_empty() || options.starts_with([':', '.']);
        is_name.then(|| text.len() - after.len() + length + end.len())
    };
    if let Some(rest) = text.strip_prefix("${") {
        return enclosed(rest, "}");
    }
    if let Some(rest) = text.strip_prefix("[[") {
        return enclosed(rest, "]]");
    }
    Some(1 + name(text.strip_prefix('$')?)?)
}
