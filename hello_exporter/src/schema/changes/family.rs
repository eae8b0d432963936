//! The differences of one family.

use std::collections::BTreeSet;
use std::fmt;

use super::{Changes, Impact, listed, set};
use crate::collect::SampleValue;
use crate::desc::MetricType;
use crate::schema::{FamilySchema, LabelSchema};

/// Collects the differences of one family.
pub(super) struct Differences<'c, 's> {
    /// The family in messages.
    of: String,
    changes: &'c mut Changes<'s>,
}

impl<'c, 's> Differences<'c, 's> {
    /// Messages begin with `of`.
    pub(super) fn new(of: String, changes: &'c mut Changes<'s>) -> Self {
        Self { of, changes }
    }

    fn add(&mut self, impact: Impact, message: impl fmt::Display) {
        self.changes.add(impact, format!("{} {message}", self.of));
    }

    fn breaking(&mut self, message: impl fmt::Display) {
        self.add(Impact::Breaking, message);
    }

    fn compatible(&mut self, message: impl fmt::Display) {
        self.add(Impact::Compatible, message);
    }

    /// Adds all changes of a family.
    pub(super) fn add_all(mut self, old: &FamilySchema, new: &FamilySchema) {
        if old.help != new.help {
            self.compatible("has another help");
        }
        self.unit(old, new);
        self.labels(old, new);
        self.collectors(old, new);
        self.deprecation(old, new);
        if old.metric_type == new.metric_type {
            self.buckets(old, new);
            self.native_buckets(old, new);
        } else {
            self.metric_type(old.metric_type, new.metric_type);
        }
    }

    /// A counter or gauge has the same series as an untyped family.
    fn metric_type(&mut self, old: MetricType, new: MetricType) {
        let is_refined =
            old == MetricType::Untyped && matches!(new, MetricType::Counter | MetricType::Gauge);
        let impact = Impact::of_loss(!is_refined);
        self.add(impact, format!("has type {new} instead of {old}"));
    }

    /// The name ends in the unit, so a family whose unit becomes known has the same values.
    fn unit(&mut self, old: &FamilySchema, new: &FamilySchema) {
        match (&old.unit, &new.unit) {
            (Some(old), Some(new)) if old != new => {
                self.breaking(format!("has unit `{new}` instead of `{old}`"));
            }
            (Some(old), None) => self.breaking(format!("has lost unit `{old}`")),
            (None, Some(new)) => self.compatible(format!("has unit `{new}` now")),
            _ => {}
        }
    }

    fn labels(&mut self, old: &FamilySchema, new: &FamilySchema) {
        for label in old.labels.iter().filter(|label| !is_of_other_type(label, old, new)) {
            match new.label(&label.name) {
                None => self.breaking(format!("has lost label `{}`", label.name)),
                Some(now) => self.label(label, now),
            }
        }
        for label in new.labels.iter().filter(|label| !is_of_other_type(label, new, old)) {
            if old.label(&label.name).is_none() {
                // A sum without the label, or a join on all labels, has other series now.
                self.breaking(format!("has the new label `{}`", label.name));
            }
        }
    }

    fn label(&mut self, old: &LabelSchema, new: &LabelSchema) {
        let name = &old.name;
        let (before, now) = (old.values.as_deref().map(set), new.values.as_deref().map(set));
        let (was_constant, is_constant) = (has_constant(old), has_constant(new));
        if before == now && was_constant == is_constant {
            return;
        }
        if let (Some(before), Some(now), false, false) = (&before, &now, was_constant, is_constant)
        {
            return self.closed_values(name, before, now);
        }
        let can_lose_value = match (&before, &now) {
            (Some(before), Some(now)) => !before.is_subset(now),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let impact = Impact::of_loss(can_lose_value || was_constant && !is_constant);
        let (old, new) = (values_of(old), values_of(new));
        self.add(impact, format!("has label `{name}` with {new} instead of {old}"));
    }

    /// Compares the values of a label that had and has only certain ones.
    fn closed_values(&mut self, name: &str, before: &BTreeSet<&str>, now: &BTreeSet<&str>) {
        let lost = listed(before.difference(now).copied());
        let added = listed(now.difference(before).copied());
        if !lost.is_empty() {
            self.breaking(format!("has lost values of label `{name}`: {lost}"));
        }
        if !added.is_empty() {
            self.compatible(format!("has new values of label `{name}`: {added}"));
        }
    }

    fn buckets(&mut self, old: &FamilySchema, new: &FamilySchema) {
        let missing = |from: &[f64], to: &[f64]| -> Option<String> {
            let missing = from.iter().filter(|bound| !to.contains(bound));
            let missing: Vec<String> =
                missing.map(|bound| SampleValue::from(*bound).to_string()).collect();
            (!missing.is_empty()).then(|| missing.join(", "))
        };
        if let Some(lost) = missing(&old.buckets, &new.buckets) {
            self.breaking(format!("has lost buckets: {lost}"));
        }
        if let Some(added) = missing(&new.buckets, &old.buckets) {
            self.compatible(format!("has new buckets: {added}"));
        }
    }

    /// By default, a Prometheus that scrapes native histograms stores no classic series of them.
    fn native_buckets(&mut self, old: &FamilySchema, new: &FamilySchema) {
        match (old.is_native, new.is_native) {
            (true, false) => self.breaking("has lost its native buckets"),
            (false, true) => self.breaking(
                "has native buckets now, a Prometheus that scrapes native histograms stores its \
                 classic series only with `always_scrape_classic_histograms`",
            ),
            _ => {}
        }
    }

    /// A family that loses a collector is missing where only that collector is enabled.
    fn collectors(&mut self, old: &FamilySchema, new: &FamilySchema) {
        let (before, now) = (set(&old.collectors), set(&new.collectors));
        let (lost, added): (Vec<&str>, Vec<&str>) = (
            before.difference(&now).copied().collect(),
            now.difference(&before).copied().collect(),
        );
        if lost.is_empty() && added.is_empty() {
            return;
        }
        if now.is_empty() {
            return self.compatible(format!("no longer depends on {}", collectors(&lost)));
        }
        if before.is_empty() {
            let disabled = self.disabled(&added);
            return self.breaking(format!("depends on {}{disabled} now", collectors(&added)));
        }
        if before.is_disjoint(&now) {
            let (old, disabled) = (listed(before), self.disabled(&added));
            let new = collectors(&added);
            return self.breaking(format!("depends on {new}{disabled} instead of {old}"));
        }
        if !lost.is_empty() {
            self.breaking(format!("is no longer part of {}", collectors(&lost)));
        }
        if !added.is_empty() {
            self.compatible(format!("is part of {} as well", collectors(&added)));
        }
    }

    /// Returns what a message says after collectors that are all disabled by default.
    fn disabled(&self, names: &[&str]) -> &'static str {
        let known = &self.changes.newer.collectors;
        let is_disabled =
            |name: &&str| known.iter().any(|it| it.name == **name && !it.enabled_by_default);
        if names.iter().all(is_disabled) { " (disabled by default)" } else { "" }
    }

    fn deprecation(&mut self, old: &FamilySchema, new: &FamilySchema) {
        match (&old.deprecated, &new.deprecated) {
            (before, Some(reason)) if before.as_ref() != Some(reason) => {
                self.compatible(format!("is deprecated: {reason}"));
            }
            (Some(_), None) => self.compatible("is no longer deprecated"),
            _ if old.renamed_to == new.renamed_to => {}
            _ => match &new.renamed_to {
                Some(name) => self.compatible(format!("has the new name `{name}`")),
                None => self.compatible("has no new name"),
            },
        }
    }
}

/// Returns whether a label is that of the states of a state set, and the family has or had another
/// type.
fn is_of_other_type(label: &LabelSchema, family: &FamilySchema, other: &FamilySchema) -> bool {
    family.metric_type == MetricType::StateSet
        && other.metric_type != MetricType::StateSet
        && label.name == family.name
}

/// Returns whether a label has a constant for each collector that exposes the family.
fn has_constant(label: &LabelSchema) -> bool {
    label.is_constant && label.values.is_some()
}

/// Returns the possible values of a label.
fn values_of(label: &LabelSchema) -> String {
    let Some(values) = &label.values else { return "any value".to_owned() };
    let values = set(values);
    let noun = match (label.is_constant, values.len()) {
        (true, 1) => "the constant",
        (true, _) => "the constants",
        (false, 0) => return "no value".to_owned(),
        (false, 1) => "the value",
        (false, _) => "the values",
    };
    format!("{noun} {}", listed(values))
}

fn collectors(names: &[&str]) -> String {
    let noun = if names.len() == 1 { "collector" } else { "collectors" };
    format!("{noun} {}", listed(names.iter().copied()))
}
