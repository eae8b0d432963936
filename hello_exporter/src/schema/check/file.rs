//! The expressions of a file, and their places in it.

use std::path::Path;

use super::RuleFile;
use super::{dashboard, rule_file};

/// A file is neither rules nor a dashboard.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// It is not YAML, or YAML of another form.
    #[error("not a rule file: {0}")]
    Yaml(String),
    /// It has other keys.
    #[error("not a rule file: it has no `groups`")]
    NoGroups,
    /// It is a template of Helm, for example.
    #[error("a template: render it first")]
    Template,
    /// It is not JSON, or JSON of another form.
    #[error("not a dashboard: {0}")]
    Json(String),
    /// It has other keys.
    #[error("not a dashboard: it has no `panels`")]
    NoPanels,
}

/// The parts of a file that are checked.
#[derive(Debug, Default)]
pub(super) struct Content<'t> {
    pub(super) expressions: Vec<Expression<'t>>,
    /// The names of recording rules.
    pub(super) recorded: Vec<String>,
}

/// An expression in a file.
#[derive(Debug, Default)]
pub(super) struct Expression<'t> {
    pub(super) text: String,
    /// The line of its first character.
    pub(super) line: usize,
    /// The expression as it is in the file if that can have several lines, otherwise empty.
    pub(super) source: &'t str,
    /// Whether it can have variables of Grafana.
    pub(super) is_template: bool,
    /// Whether it can be something else than PromQL.
    pub(super) is_guess: bool,
    /// The label whose values a variable has.
    pub(super) label: Option<String>,
}

impl<'t> Content<'t> {
    /// Parses a file. An error has a line.
    pub(super) fn of(file: &'t RuleFile) -> Result<Self, (usize, FileError)> {
        let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
        match is_dashboard(&file.path, text) {
            true => dashboard::parse(text),
            false => rule_file::parse(text),
        }
    }
}

fn is_dashboard(path: &str, text: &str) -> bool {
    let extension = Path::new(path).extension().unwrap_or_default().to_ascii_lowercase();
    match extension.to_str() {
        Some("json") => true,
        Some("yml" | "yaml") => false,
        _ => text.trim_start().starts_with('{'),
    }
}

impl Expression<'_> {
    /// Returns where a name is in the source, at or after an offset: the offset after it, and its
    /// line.
    pub(super) fn find(&self, name: &str, from: usize) -> Option<(usize, usize)> {
        let rest = self.source.get(from..)?;
        let (start, _) =
            rest.match_indices(name).map(|(at, it)| (from + at, it)).find(|(at, _)| {
                let (before, after) = self.source.split_at_checked(*at).unwrap_or_default();
                let line = before.rsplit('\n').next().unwrap_or_default();
                let after = after.get(name.len()..).unwrap_or_default();
                !before.ends_with(is_of_name)
                    && !after.starts_with(is_of_name)
                    && !line.contains('#')
            })?;
        let lines = self.source.get(..start)?.matches('\n').count();
        Some((start + name.len(), self.line + lines))
    }
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == ':'
}
