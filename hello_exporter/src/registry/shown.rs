//! The families that expositions have.

use std::sync::Arc;

use crate::desc::Desc;

/// The families that expositions have: all by default.
#[derive(Clone, Default)]
pub(crate) struct ShownFamilies {
    /// Whether deprecated families, and old names of renamed ones, are left out.
    pub(crate) hides_deprecated: bool,
    /// Selects families by their names.
    pub(crate) by_name: Option<NameFilter>,
}

/// Returns whether a family of this name is kept.
pub(crate) type NameFilter = Arc<dyn Fn(&str) -> bool + Send + Sync>;

impl ShownFamilies {
    pub(super) fn has(&self, desc: &Desc) -> bool {
        let is_hidden = self.hides_deprecated && desc.deprecation().is_some();
        !is_hidden && self.by_name.as_ref().is_none_or(|has| has(desc.name()))
    }
}
