//! Suggests replacements for families that are gone.

use std::collections::{BTreeMap, BTreeSet};

use super::places;
use crate::schema::{FamilySchema, LabelSchema, Schema};

/// The families of one path, before and now.
pub(super) struct Gone<'a, 's> {
    new: &'a BTreeMap<&'s str, &'s FamilySchema>,
    /// The families that are gone without a warning.
    lost: Vec<&'s FamilySchema>,
    /// The new families that neither are nor have an old name.
    added: Vec<&'s FamilySchema>,
    newer: &'s Schema,
    path: Option<&'s str>,
}

impl<'a, 's> Gone<'a, 's> {
    /// Compares the families of a path, by name.
    pub(super) fn between(
        old: &BTreeMap<&'s str, &'s FamilySchema>,
        new: &'a BTreeMap<&'s str, &'s FamilySchema>,
        newer: &'s Schema,
        path: Option<&'s str>,
    ) -> Self {
        let only = |one: &BTreeMap<&'s str, &'s FamilySchema>, other: &BTreeMap<_, _>| {
            let only = one.iter().filter(|(name, _)| !other.contains_key(*name));
            only.map(|(_, family)| *family).collect::<Vec<_>>()
        };
        let (mut lost, mut added) = (only(old, new), only(new, old));
        lost.retain(|family| family.deprecated.is_none());
        let renamed: BTreeSet<&str> =
            new.values().filter_map(|family| family.renamed_to.as_deref()).collect();
        added.retain(|family| {
            family.renamed_to.is_none() && !renamed.contains(family.name.as_str())
        });
        Self { new, lost, added, newer, path }
    }

    /// Returns the end of the message about a family that is gone.
    pub(super) fn advice(&self, family: &FamilySchema) -> String {
        if let Some(name) = self.new_name(family) {
            return format!(", its new name is `{name}`");
        }
        if let Some(place) = self.elsewhere(family) {
            return format!(", {place} has it");
        }
        if let Some(reason) = &family.deprecated {
            return format!(", it was deprecated: {reason}");
        }
        match self.probable_name(family) {
            Some(name) => format!(", its new name seems to be `{name}`"),
            None => String::new(),
        }
    }

    /// Follows the names that authors have declared, as far as they lead.
    fn new_name(&self, family: &FamilySchema) -> Option<&'s str> {
        let mut family: &'s FamilySchema = self.new.get(family.renamed_to.as_deref()?)?;
        // A file can name families in a circle.
        for _ in 0..self.new.len() {
            let next = family.renamed_to.as_deref().and_then(|name| self.new.get(name));
            let Some(next) = next else { break };
            family = next;
        }
        Some(&family.name)
    }

    /// Returns another path that exposes the family.
    fn elsewhere(&self, family: &FamilySchema) -> Option<String> {
        let has_it = |families: &[FamilySchema]| families.iter().any(|it| it.name == family.name);
        let places = places(self.newer);
        let place = places.iter().find(|it| it.path != self.path && has_it(it.families))?;
        Some(place.name())
    }

    /// Returns the new family that is alike in everything except name, unit and collectors, if
    /// there is one such pair.
    fn probable_name(&self, family: &FamilySchema) -> Option<&'s str> {
        // The states of a state set have a label with the name of the family.
        let labels = |family: &FamilySchema| {
            let labels = family.labels.iter().filter(|label| label.name != family.name).cloned();
            let mut labels: Vec<LabelSchema> = labels.collect();
            labels.sort_by(|one, other| one.name.cmp(&other.name));
            labels
        };
        let is_alike = |one: &FamilySchema, other: &FamilySchema| {
            one.metric_type == other.metric_type
                && one.help == other.help
                && labels(one) == labels(other)
        };
        let mut candidates = self.added.iter().filter(|added| is_alike(family, added));
        let candidate = candidates.next()?;
        let is_only = candidates.next().is_none()
            && self.lost.iter().filter(|lost| is_alike(lost, candidate)).count() == 1;
        is_only.then_some(candidate.name.as_str())
    }
}
