//! The names that the schema and the recording rules have.

use std::collections::{BTreeMap, BTreeSet};

use promql_parser::label::Matcher;

use super::problem::Problem;
use super::series::{Role, Series, forms};
use super::template::has_variable;
use crate::name::NameKind;
use crate::schema::Schema;

/// First words of names that programs of many kinds have, because libraries or Prometheus choose
/// them. A name that begins so is the exporter's only if the schema has exactly this name.
const SHARED_WORDS: [&str; 13] = [
    "go",
    "grpc",
    "http",
    "jvm",
    "nodejs",
    "probe",
    "process",
    "prometheus",
    "promhttp",
    "python",
    "scrape",
    "tokio",
    "up",
];

/// The names that expressions can use.
pub(super) struct Catalog<'s> {
    schema: &'s Schema,
    /// The series with each name. A name can be at the path for metrics and at probes.
    series: BTreeMap<String, Vec<Series<'s>>>,
    /// Names that begin so are the exporter's.
    prefixes: BTreeSet<String>,
    /// The names of recording rules.
    recorded: BTreeSet<&'s str>,
}

/// The result of looking for a name.
pub(super) enum Found<'c, 's> {
    Series(&'c [Series<'s>]),
    /// It is of something else, or a recording rule.
    Foreign,
    /// It is the exporter's, and cannot exist.
    Missing(Problem),
}

impl<'s> Catalog<'s> {
    pub(super) fn new(schema: &'s Schema, recorded: BTreeSet<&'s str>) -> Self {
        let mut series: BTreeMap<String, Vec<Series<'s>>> = BTreeMap::new();
        for one in schema.all_families().flat_map(Series::of) {
            let forms: BTreeSet<String> = forms(NameKind::Metric, &one.name).collect();
            for form in forms {
                series.entry(form).or_default().push(one.clone());
            }
        }
        Self { schema, series, prefixes: prefixes(schema), recorded }
    }

    /// Looks for the series with this name.
    pub(super) fn find(&self, name: &str) -> Found<'_, 's> {
        if name.contains(':') || self.recorded.contains(name) || has_variable(name) {
            return Found::Foreign;
        }
        if let Some(series) = self.series.get(name) {
            return Found::Series(series);
        }
        if let Some(histogram) = self.schema.family(name) {
            return Found::Missing(Problem::NotNative(histogram.name.clone()));
        }
        match self.is_own(name) {
            true => self.missing(name).map_or(Found::Foreign, Found::Missing),
            false => Found::Foreign,
        }
    }

    /// Returns the problem of a name that the schema does not have. Dynamic families can have any
    /// name, so that only one wrong character makes it likely that there is a problem.
    fn missing(&self, name: &str) -> Option<Problem> {
        let suggestion = match (self.with_suffix(name), self.has_dynamic()) {
            (Some(known), _) => Some(known),
            (None, true) => Some(nearest(name, self.suggestions(), 1)?),
            (None, false) => nearest(name, self.suggestions(), name_limit(name))
                .or_else(|| self.longer(name).map(str::to_owned)),
        };
        Some(Problem::Metric { name: name.to_owned(), suggestion })
    }

    /// Returns the name with the unit or the suffix that it lacks, as many old names do.
    fn with_suffix(&self, name: &str) -> Option<String> {
        const SUFFIXES: [&str; 6] =
            ["_total", "_bytes", "_seconds", "_seconds_total", "_bytes_total", "_ratio"];
        let names = SUFFIXES.iter().map(|suffix| format!("{name}{suffix}"));
        names.into_iter().find(|name| self.series.contains_key(name))
    }

    /// Returns the shortest name that has further words.
    fn longer(&self, name: &str) -> Option<&str> {
        let start = format!("{name}_");
        let longer = self.suggestions().filter(|known| known.starts_with(&start));
        longer.min_by_key(|known| known.len())
    }

    /// Iterates over the names that misspelt ones can mean.
    fn suggestions(&self) -> impl Iterator<Item = &str> {
        let is_meant = |series: &Series<'_>| {
            series.role != Role::Created && series.family.deprecated.is_none()
        };
        let meant = self.series.iter().filter(move |(_, series)| series.iter().any(is_meant));
        meant.map(|(name, _)| name.as_str()).chain(self.recorded.iter().copied())
    }

    /// Returns whether only this exporter has names that begin so.
    fn is_own(&self, name: &str) -> bool {
        self.prefixes.iter().any(|prefix| name.starts_with(prefix))
    }

    /// Returns whether a text that does not parse has a name of the exporter.
    pub(super) fn is_mentioned(&self, text: &str) -> bool {
        let is_of_name = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == ':';
        let mut words = text.split(|it| !is_of_name(it));
        words.any(|word| self.series.contains_key(word) || self.is_own(word))
    }

    fn has_dynamic(&self) -> bool {
        self.schema.has_dynamic || self.schema.probes.iter().any(|probe| probe.has_dynamic)
    }

    /// Returns the problem of a regular expression for names if it begins like the exporter's
    /// names, and none matches.
    pub(super) fn unmatched(&self, matcher: &Matcher) -> Option<Problem> {
        let regex = matcher.value.trim_start_matches(['^', '(', '?', ':']);
        let known = self.series.keys().map(String::as_str);
        let is_unmatched = self.is_own(regex)
            && !has_alternatives(&matcher.value)
            && !has_variable(regex)
            && !self.has_dynamic()
            && !known.chain(self.recorded.iter().copied()).any(|name| matcher.is_match(name));
        is_unmatched.then(|| Problem::NameRegex(matcher.value.clone()))
    }

    /// Returns whether any metric has the label.
    pub(super) fn has_label(&self, label: &str) -> bool {
        self.series.values().flatten().any(|series| series.has_label(label))
    }
}

/// Returns whether a regular expression has alternatives that can begin in different ways.
fn has_alternatives(regex: &str) -> bool {
    let mut depth = 0_usize;
    let is_outer = |character: char| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == '|' && depth == 0
    };
    regex.starts_with(['^', '(']) && regex.contains('|') || regex.chars().any(is_outer)
}

/// Returns the namespace and the first words that names of two families share, or the one family's
/// first word.
fn prefixes(schema: &Schema) -> BTreeSet<String> {
    let names: BTreeSet<&str> = schema.all_families().map(|family| family.name.as_str()).collect();
    let first_words = || names.iter().filter_map(|name| Some(name.split_once('_')?.0));
    let is_shared = |word: &&str| {
        names.len() == 1 || first_words().filter(|other| other == word).take(2).count() == 2
    };
    let namespace = Some(schema.namespace.as_str()).filter(|namespace| !namespace.is_empty());
    let words = first_words().filter(is_shared).filter(|word| !SHARED_WORDS.contains(word));
    words.chain(namespace).map(|word| format!("{word}_")).collect()
}

/// Returns the most edits between a name and a suggestion for it.
pub(super) fn name_limit(name: &str) -> usize {
    match name.chars().count() {
        0..=4 => 1,
        5..=8 => 2,
        _ => 3,
    }
}

/// Returns the nearest of the known names that at most `limit` edits lead to.
pub(super) fn nearest<'n>(
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
    limit: usize,
) -> Option<String> {
    let distances = known.into_iter().map(|known| (strsim::osa_distance(name, known), known));
    let near = distances.filter(|(distance, _)| (1..=limit).contains(distance)).min();
    near.map(|(_, known)| known.to_owned())
}
