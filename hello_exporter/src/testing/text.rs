//! Reads the parts of the [text format] that tests need.
//!
//! [text format]: https://prometheus.io/docs/instrumenting/exposition_formats/

use std::borrow::Cow;

use crate::labels::{self, closing_quote};
use crate::name::unquoted;

/// Returns the lines of an exposition. The format ignores empty lines, and white space around the
/// others.
pub(super) fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// Sorts families by their names, and the series of each by their labels.
pub(super) fn sorted<'t>(lines: &[&'t str]) -> Vec<&'t str> {
    let mut families = families(lines);
    families.sort_by_key(|family| family.name);
    families.into_iter().flat_map(FamilyLines::into_sorted_lines).collect()
}

/// Iterates over the family of each HELP and TYPE line.
pub(super) fn family_names<'t>(lines: &[&'t str]) -> impl Iterator<Item = &'t str> {
    lines.iter().filter_map(|line| Some(MetadataLine::read(line)?.family))
}

/// A HELP or TYPE line.
struct MetadataLine<'t> {
    keyword: &'t str,
    family: &'t str,
    text: &'t str,
}

impl<'t> MetadataLine<'t> {
    fn read(line: &'t str) -> Option<Self> {
        let (keyword, rest) = line.strip_prefix("# ")?.split_once(' ')?;
        let (family, text) = match rest.starts_with('"') {
            true => split_quoted(rest)?,
            false => rest.split_at(rest.find(' ').unwrap_or(rest.len())),
        };
        let text = text.strip_prefix(' ').unwrap_or(text);
        matches!(keyword, "HELP" | "TYPE").then_some(Self { keyword, family, text })
    }
}

/// The lines of a family, up to the next HELP or TYPE line of another family.
#[derive(Default)]
struct FamilyLines<'t> {
    name: &'t str,
    /// The label that distinguishes the lines of one series.
    bound: Option<&'static str>,
    metadata: Vec<&'t str>,
    samples: Vec<&'t str>,
}

impl<'t> FamilyLines<'t> {
    fn push(&mut self, line: &'t str) {
        if line.starts_with('#') {
            self.metadata.push(line);
        } else {
            self.samples.push(line);
        }
        if let Some(MetadataLine { keyword: "TYPE", text, .. }) = MetadataLine::read(line) {
            self.bound = match text {
                "histogram" => Some("le"),
                "summary" => Some("quantile"),
                _ => None,
            };
        }
    }

    fn into_sorted_lines(mut self) -> Vec<&'t str> {
        // The sort is stable: the buckets of a histogram keep their order.
        self.samples.sort_by_cached_key(|line| series(line, self.bound));
        self.metadata.append(&mut self.samples);
        self.metadata
    }
}

fn families<'t>(lines: &[&'t str]) -> Vec<FamilyLines<'t>> {
    let mut families: Vec<FamilyLines<'t>> = Vec::new();
    for line in lines {
        let name = MetadataLine::read(line).map(|metadata| metadata.family);
        match families.last_mut() {
            Some(family) if name.is_none_or(|name| name == family.name) => family.push(line),
            _ => {
                let name = name.unwrap_or_default();
                let mut family = FamilyLines { name, ..FamilyLines::default() };
                family.push(line);
                families.push(family);
            }
        }
    }
    families
}

/// Returns the labels of the series of a line.
fn series<'t>(line: &'t str, bound: Option<&str>) -> Vec<(Cow<'t, str>, Cow<'t, str>)> {
    let mut labels = SampleLine::read(line).map(|sample| sample.labels()).unwrap_or_default();
    labels.retain(|(name, _)| Some(&**name) != bound);
    labels
}

/// Splits a text after the name in quotes with which it begins.
fn split_quoted(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(closing_quote(text.strip_prefix('"')?)? + 2)
}

/// A line with a sample.
pub(super) struct SampleLine<'t> {
    pub(super) name: Cow<'t, str>,
    /// The text between the braces, without a name in quotes.
    labels: &'t str,
    value: &'t str,
}

impl<'t> SampleLine<'t> {
    pub(super) fn read(line: &'t str) -> Option<Self> {
        let (name, tail) = line.split_at(line.find(['{', ' '])?);
        let (labels, tail) = match tail.strip_prefix('{') {
            // Label values can contain braces, but the text after the labels cannot.
            Some(tail) => tail.rsplit_once('}')?,
            None => ("", tail),
        };
        let (name, labels) = match (name, split_quoted(labels)) {
            ("", Some((name, tail))) => (unquoted(name), tail.strip_prefix(',').unwrap_or(tail)),
            _ => (Cow::Borrowed(name), labels),
        };
        let value = tail.split_whitespace().next()?;
        (!line.starts_with('#')).then_some(Self { name, labels, value })
    }

    /// Returns the names and unescaped values of the labels, sorted.
    pub(super) fn labels(&self) -> Vec<(Cow<'t, str>, Cow<'t, str>)> {
        let mut labels: Vec<_> = labels::pairs(self.labels).collect();
        labels.sort();
        labels
    }

    pub(super) fn value(&self) -> Option<f64> {
        self.value.parse().ok()
    }
}
