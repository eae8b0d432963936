//! The sources and the families that a request selects.

use std::collections::HashSet;

/// The selection in the query of a request: `collect[]`, `exclude[]` and `name[]`, each of which
/// can be repeated.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// Names of collectors, and whether they are selected or excluded.
    collectors: Option<(Mode, HashSet<String>)>,
    /// Names of metric families; `None` selects all.
    names: Option<HashSet<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Selects these, and no others.
    Collect,
    /// Selects all but these.
    Exclude,
}

/// Why a selection is invalid.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SelectionError {
    #[error("Combined collect and exclude queries are not allowed.")]
    Combined,
    #[error("unknown collector {name:?}, expected one of: {known}")]
    Unknown { name: String, known: String },
    #[error("unknown collector {name:?}: no collector is enabled")]
    None { name: String },
    #[error("disabled collector {name:?}: `--collector.{name}` enables it")]
    Disabled { name: String },
    #[error("collector {name:?} is left out: with the current flags, it has nothing to collect")]
    LeftOut { name: String },
}

impl Selection {
    /// Reads the selection from the pairs of a query. Ignores pairs of other names.
    pub(crate) fn new(
        query: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SelectionError> {
        let mut selection = Self::default();
        for (key, value) in query {
            match &*key {
                "collect[]" => selection.add(Mode::Collect, value)?,
                "exclude[]" => selection.add(Mode::Exclude, value)?,
                "name[]" => {
                    selection.names.get_or_insert_default().insert(value);
                }
                _ => {}
            }
        }
        Ok(selection)
    }

    fn add(&mut self, mode: Mode, name: String) -> Result<(), SelectionError> {
        let (first, names) = self.collectors.get_or_insert_with(|| (mode, HashSet::new()));
        if *first != mode {
            return Err(SelectionError::Combined);
        }
        names.insert(name);
        Ok(())
    }

    /// Returns all collectors that the query names.
    pub(super) fn collectors(&self) -> impl Iterator<Item = &str> {
        self.collectors.iter().flat_map(|(_, names)| names).map(String::as_str)
    }

    /// Returns whether the selection has the collector of this name.
    pub(super) fn has_collector(&self, name: &str) -> bool {
        match &self.collectors {
            None => true,
            Some((mode, names)) => names.contains(name) == (*mode == Mode::Collect),
        }
    }

    /// Returns whether the selection has any of these families.
    pub(super) fn has_any_family(&self, families: &[String]) -> bool {
        self.names.as_ref().is_none_or(|names| families.iter().any(|family| names.contains(family)))
    }

    /// Returns the selected families; `None` selects all.
    pub(crate) fn names(&self) -> Option<&HashSet<String>> {
        self.names.as_ref()
    }
}
