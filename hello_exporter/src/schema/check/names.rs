//! The names of series, and those that belong to an exporter.

use std::collections::{BTreeMap, BTreeSet};

use crate::desc::MetricType;
use crate::schema::{FamilySchema, LabelSchema, Schema};

/// The part of a family that a series belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The only one, or the quantiles of a summary.
    Value,
    /// The classic buckets of a histogram.
    Bucket,
    /// The sum or count of a histogram or summary.
    Total,
    /// A native histogram.
    Native,
    /// The start timestamp.
    Created,
}

/// A series that a family can have.
#[derive(Clone, Copy)]
pub(super) struct Known<'s> {
    pub(super) family: &'s FamilySchema,
    pub(super) part: Part,
}

impl Known<'_> {
    /// Returns whether the value only goes up.
    pub(super) fn is_counter(&self) -> bool {
        match self.part {
            Part::Value => self.family.metric_type == MetricType::Counter,
            Part::Bucket | Part::Total | Part::Native => true,
            Part::Created => false,
        }
    }

    /// Returns whether the value goes up and down.
    pub(super) fn is_gauge(&self) -> bool {
        let is_value = self.part == Part::Value || self.part == Part::Created;
        is_value && !self.is_counter() && self.family.metric_type != MetricType::Untyped
    }
}

/// All series of a schema by name.
pub(super) struct Names<'s> {
    schema: &'s Schema,
    series: BTreeMap<String, Known<'s>>,
    recorded: &'s BTreeSet<&'s str>,
    /// What the names of the exporter's metrics begin with, such as `redis_`.
    prefixes: BTreeSet<&'s str>,
}

/// The prefixes of metrics that most exporters have.
const SHARED: [&str; 5] = ["process_", "promhttp_", "go_", "scrape_", "up_"];

impl<'s> Names<'s> {
    pub(super) fn new(schema: &'s Schema, recorded: &'s BTreeSet<&'s str>) -> Self {
        let mut series = BTreeMap::new();
        for family in schema.all_families() {
            for (name, part) in parts(family) {
                series.entry(name).or_insert(Known { family, part });
            }
        }
        let prefix = |family: &'s FamilySchema| family.name.get(..=family.name.find('_')?);
        let prefixes = schema.all_families().filter_map(prefix);
        let prefixes = prefixes.filter(|prefix| !SHARED.contains(prefix) && prefix.len() > 1);
        Self { schema, series, recorded, prefixes: prefixes.collect() }
    }

    pub(super) fn find(&self, name: &str) -> Option<Known<'s>> {
        self.series.get(name).copied()
    }

    /// Returns whether a metric of this name would be one of the exporter's own. Dynamic families
    /// may have any name.
    pub(super) fn is_own(&self, name: &str) -> bool {
        let is_recorded = name.contains(':') || self.recorded.contains(name);
        !is_recorded && self.prefixes.iter().any(|prefix| name.starts_with(prefix))
    }

    /// Returns whether all names of the exporter are known.
    pub(super) fn are_all_known(&self) -> bool {
        !self.schema.has_dynamic && self.schema.probes.iter().all(|probe| !probe.has_dynamic)
    }

    /// Iterates over the names of all series.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.series.keys().map(String::as_str)
    }

    /// Returns whether any family has a label of this name.
    pub(super) fn has_label(&self, label: &str) -> bool {
        self.schema.all_families().any(|family| family.label(label).is_some())
    }
}

fn parts(family: &FamilySchema) -> Vec<(String, Part)> {
    let name = &family.name;
    let suffixed = |suffix: &str| format!("{name}{suffix}");
    let is_distribution = matches!(family.metric_type, MetricType::Histogram | MetricType::Summary);
    let mut parts = Vec::new();
    match family.metric_type {
        MetricType::Histogram => {
            parts.push((suffixed("_bucket"), Part::Bucket));
            // Without buckets in the schema, the values may be native histograms.
            if family.is_native || family.buckets.is_empty() {
                parts.push((name.clone(), Part::Native));
            }
        }
        _ => parts.push((name.clone(), Part::Value)),
    }
    if is_distribution {
        parts.extend(["_sum", "_count"].map(|suffix| (suffixed(suffix), Part::Total)));
    }
    if is_distribution || family.metric_type == MetricType::Counter {
        let base = name.strip_suffix("_total").unwrap_or(name);
        parts.push((format!("{base}_created"), Part::Created));
    }
    parts
}

/// Returns the name that is most like `name`, or the shortest one that continues it, if there is
/// one.
pub(super) fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let most = (name.len() / 4 + 1).min(3);
    let is_longer = |other: &str| other.strip_prefix(name).is_some_and(|it| it.starts_with('_'));
    let near = names.into_iter().filter_map(|other| {
        let distance = distance(name, other);
        let is_near = distance > 0 && distance <= most;
        (is_near || is_longer(other)).then_some((distance, other))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, other)| other)
}

/// Returns the number of characters to insert, remove or replace, where two neighbours that changed
/// places count as one.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or_default();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = at(&last, j) + usize::from(a != b);
            let changed = at(&last, j + 1).min(at(&row, j)) + 1;
            let swapped =
                i > 0 && j > 0 && one.get(i - 1) == Some(b) && other.get(j - 1) == Some(a);
            let swapped = if swapped { at(&before_last, j - 1) + 1 } else { usize::MAX };
            row.push(replaced.min(changed).min(swapped));
        }
        before_last = std::mem::replace(&mut last, row);
    }
    at(&last, other.len())
}

/// Returns the values of a label that are known to be all; `None` if there may be others.
pub(super) fn closed(label: &LabelSchema) -> Option<&[String]> {
    label.values.as_deref()
}
