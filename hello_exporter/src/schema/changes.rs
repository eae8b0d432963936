//! The differences between two schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{CollectorSchema, FamilySchema, LabelSchema, ProbeSchema, Schema};

/// A difference between two schemas.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Change {
    /// Whether queries that worked before can fail or return less.
    pub impact: Impact,
    /// What has changed, in one line.
    pub message: String,
}

/// What a change means for dashboards and alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impact {
    /// A query that worked with the older exporter can fail, or return less or something else.
    Breaking,
    /// Every query that worked with the older exporter still works.
    Compatible,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let impact = match self.impact {
            Impact::Breaking => "breaking",
            Impact::Compatible => "compatible",
        };
        write!(formatter, "{impact}: {}", self.message)
    }
}

impl Schema {
    /// Returns what a newer schema has changed: first what breaks queries, then the rest, each
    /// sorted.
    pub fn changes(&self, newer: &Self) -> Vec<Change> {
        let mut changes = Changes::default();
        changes.of_collectors(&self.collectors, &newer.collectors);
        changes.of_families("", &self.families, &newer.families);
        changes.of_probes(&self.probes, &newer.probes);
        if self.has_dynamic && !newer.has_dynamic {
            changes.breaking("families whose names are known only at run time are gone");
        }
        if !self.has_dynamic && newer.has_dynamic {
            changes.compatible("families whose names are known only at run time are new");
        }
        changes.0.sort();
        changes.0
    }
}

/// Collects changes.
#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn add(&mut self, impact: Impact, message: impl Into<String>) {
        self.0.push(Change { impact, message: message.into() });
    }

    fn breaking(&mut self, message: impl Into<String>) {
        self.add(Impact::Breaking, message);
    }

    fn compatible(&mut self, message: impl Into<String>) {
        self.add(Impact::Compatible, message);
    }

    fn of_collectors(&mut self, old: &[CollectorSchema], new: &[CollectorSchema]) {
        let (old, new) = (by(old, |it| &it.name), by(new, |it| &it.name));
        for (name, collector) in &old {
            match new.get(name) {
                None => self.breaking(format!("collector `{name}` and its flags are gone")),
                Some(now) if collector.enabled_by_default && !now.enabled_by_default => {
                    self.breaking(format!("collector `{name}` is disabled by default"));
                }
                Some(now) if !collector.enabled_by_default && now.enabled_by_default => {
                    self.compatible(format!("collector `{name}` is enabled by default"));
                }
                Some(_) => {}
            }
        }
        for name in new.keys().filter(|name| !old.contains_key(*name)) {
            self.compatible(format!("collector `{name}` is new"));
        }
    }

    fn of_probes(&mut self, old: &[ProbeSchema], new: &[ProbeSchema]) {
        let (old, new) = (by(old, |it| &it.path), by(new, |it| &it.path));
        for (path, probe) in &old {
            match new.get(path) {
                None => self.breaking(format!("the probe at `{path}` is gone")),
                Some(now) => {
                    self.of_families(&format!(" at `{path}`"), &probe.families, &now.families);
                }
            }
        }
        for path in new.keys().filter(|path| !old.contains_key(*path)) {
            self.compatible(format!("the probe at `{path}` is new"));
        }
    }

    /// Compares the families of one path, which `at` names in messages.
    fn of_families(&mut self, at: &str, old: &[FamilySchema], new: &[FamilySchema]) {
        let (old, new) = (by(old, |it| &it.name), by(new, |it| &it.name));
        let added: Vec<&FamilySchema> =
            new.iter().filter(|(name, _)| !old.contains_key(*name)).map(|(_, it)| *it).collect();
        for (name, family) in &old {
            match new.get(name) {
                Some(now) => {
                    Differences { of: format!("`{name}`{at}"), changes: self }.all(family, now)
                }
                None => self.breaking(gone(at, family, &added)),
            }
        }
        for family in added {
            self.compatible(format!("`{}`{at} is new", family.name));
        }
    }
}

/// Returns the message about a family that is gone, with the new name if it has one.
fn gone(at: &str, family: &FamilySchema, added: &[&FamilySchema]) -> String {
    let name = &family.name;
    let is_same = |other: &&&FamilySchema| {
        other.metric_type == family.metric_type
            && other.help == family.help
            && other.labels == family.labels
    };
    let renamed = || Some(&added.iter().find(is_same)?.name);
    match family.renamed_to.as_ref().or_else(renamed) {
        Some(new) => format!("`{name}`{at} is gone, its new name is `{new}`"),
        None => format!("`{name}`{at} is gone"),
    }
}

fn by<T>(items: &[T], key: impl Fn(&T) -> &String) -> BTreeMap<&str, &T> {
    items.iter().map(|item| (key(item).as_str(), item)).collect()
}

/// The differences of one family.
struct Differences<'c> {
    /// The family in messages.
    of: String,
    changes: &'c mut Changes,
}

impl Differences<'_> {
    fn breaking(&mut self, message: impl fmt::Display) {
        self.changes.breaking(format!("{} {message}", self.of));
    }

    fn compatible(&mut self, message: impl fmt::Display) {
        self.changes.compatible(format!("{} {message}", self.of));
    }

    fn all(&mut self, old: &FamilySchema, new: &FamilySchema) {
        if old.metric_type != new.metric_type {
            let (old, new) = (old.metric_type, new.metric_type);
            self.breaking(format!("has type {new} instead of {old}"));
        }
        if old.unit != new.unit {
            let unit = |unit: &Option<String>| unit.clone().unwrap_or_else(|| "none".to_owned());
            self.breaking(format!("has unit {} instead of {}", unit(&new.unit), unit(&old.unit)));
        }
        if old.help != new.help {
            self.compatible("has another help");
        }
        self.labels(old, new);
        self.buckets(old, new);
        self.collectors(old, new);
        self.deprecation(old, new);
    }

    fn labels(&mut self, old: &FamilySchema, new: &FamilySchema) {
        for label in &old.labels {
            match new.label(&label.name) {
                None => self.breaking(format!("has lost label `{}`", label.name)),
                Some(now) => self.label(label, now),
            }
        }
        for label in new.labels.iter().filter(|label| old.label(&label.name).is_none()) {
            // A sum without the label, or a join on all labels, has other series now.
            self.breaking(format!("has the new label `{}`", label.name));
        }
    }

    fn label(&mut self, old: &LabelSchema, new: &LabelSchema) {
        let name = &old.name;
        let (Some(before), Some(now)) = (&old.values, &new.values) else {
            match (&old.values, &new.values) {
                (None, Some(values)) => self.breaking(format!(
                    "has only these values of label `{name}` now: {}",
                    listed(values)
                )),
                (Some(_), None) => {
                    self.compatible(format!("has any value of label `{name}` now"));
                }
                _ => {}
            }
            return;
        };
        let lost: Vec<&String> = before.iter().filter(|value| !now.contains(value)).collect();
        let added: Vec<&String> = now.iter().filter(|value| !before.contains(value)).collect();
        if !lost.is_empty() {
            self.breaking(format!("has lost values of label `{name}`: {}", listed(lost)));
        }
        if !added.is_empty() {
            self.compatible(format!("has new values of label `{name}`: {}", listed(added)));
        }
    }

    fn buckets(&mut self, old: &FamilySchema, new: &FamilySchema) {
        let missing = |from: &[f64], to: &[f64]| -> Vec<String> {
            from.iter().filter(|bound| !to.contains(bound)).map(f64::to_string).collect()
        };
        let lost = missing(&old.buckets, &new.buckets);
        let added = missing(&new.buckets, &old.buckets);
        if !lost.is_empty() {
            self.breaking(format!("has lost buckets: {}", lost.join(", ")));
        }
        if !added.is_empty() {
            self.compatible(format!("has new buckets: {}", added.join(", ")));
        }
        match (old.is_native, new.is_native) {
            (true, false) => self.breaking("has lost its native buckets"),
            (false, true) => self.compatible("has native buckets now"),
            _ => {}
        }
    }

    /// A family that was in every scrape can now be disabled.
    fn collectors(&mut self, old: &FamilySchema, new: &FamilySchema) {
        let (before, now): (BTreeSet<_>, BTreeSet<_>) =
            (old.collectors.iter().collect(), new.collectors.iter().collect());
        if before == now {
            return;
        }
        match now.is_empty() {
            true => self.compatible("no longer depends on a collector"),
            false => self.breaking(format!("depends on collector {} now", listed(now))),
        }
    }

    fn deprecation(&mut self, old: &FamilySchema, new: &FamilySchema) {
        match (&old.deprecated, &new.deprecated) {
            (_, Some(reason)) if old.deprecated != new.deprecated => {
                self.compatible(format!("is deprecated: {reason}"));
            }
            (Some(_), None) => self.compatible("is no longer deprecated"),
            _ => {}
        }
    }
}

/// Returns texts in backticks, joined by commas.
fn listed<'t>(texts: impl IntoIterator<Item = &'t String>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| format!("`{text}`")).collect();
    texts.join(", ")
}
