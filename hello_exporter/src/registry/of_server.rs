//! The part of a registry that only the server uses.

use std::sync::Arc;

use super::plan::Plan;
use super::shown::ShownFamilies;
use super::{Addition, CollectorId, Inner, Registry, Scope};
use crate::sync::{read, write};

impl Registry {
    /// Returns a view of this registry that adds the prefix and the labels of `addition`.
    pub(crate) fn scope_with(&self, addition: Addition) -> Scope<'_> {
        Scope { registry: self, addition }
    }

    /// Returns another registry, which counts dropped series together with this one, and exposes
    /// families by the same rules.
    pub(crate) fn sibling(&self) -> Self {
        let health = Arc::clone(&self.inner.health);
        let sibling = Self { inner: Arc::new(Inner { health, ..Inner::default() }) };
        sibling.show_only(read(&self.inner.registrations).shown.clone());
        sibling
    }

    /// Removes all other families from later expositions.
    pub(crate) fn show_only(&self, shown: ShownFamilies) {
        let mut registrations = write(&self.inner.registrations);
        registrations.shown = shown;
        registrations.replan();
    }

    /// Returns the names of the deprecated families that are exposed, and why they are deprecated.
    pub(crate) fn deprecated(&self) -> Vec<(String, String)> {
        self.inner.plan().deprecated()
    }

    /// Returns the names of a collector's families.
    pub(crate) fn families_of(&self, id: CollectorId) -> Vec<String> {
        self.inner.plan().names_of(id)
    }
}

impl Plan {
    /// Returns the names of deprecated families, and why they are deprecated.
    pub(super) fn deprecated(&self) -> Vec<(String, String)> {
        let descs = self.families.iter().map(|planned| &planned.metadata.desc);
        let reasons = descs.filter_map(|desc| Some((desc.name(), desc.deprecation()?)));
        reasons.map(|(name, reason)| (name.to_owned(), reason.into_owned())).collect()
    }

    pub(super) fn names_of(&self, id: CollectorId) -> Vec<String> {
        let families = self.families.iter().filter(|planned| planned.members.has(id));
        families.map(|planned| planned.metadata.desc.name().to_owned()).collect()
    }
}
